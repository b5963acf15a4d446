/** The HTTP server, which all APIs share. It authorises requests, adds headers to answers and formats errors. */
import { randomUUID } from 'node:crypto'
import { Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Histogram } from 'prom-client'
import { type ErrorCode, PlugboardError } from '../core/errors.ts'
import type { EventLog } from '../core/event-log.ts'
import type { Metric } from '../core/metric.ts'
import type { Operations } from '../core/operations.ts'
import { APIS } from './api-list.ts'
import { type AuditLog, auditRequests } from './audit.ts'
import { Authenticator, type AuthSettings, authorise } from './auth.ts'
import { HttpMetrics } from './http-metrics.ts'
import { OpenAnswers } from './open-answers.ts'
import { documentOf } from './openapi.ts'
import { probeRoutes } from './probes.ts'
import { asPlugboardError, rawProblem, sendProblem } from './problems.ts'
import { convertQuery } from './query.ts'

export interface HttpOptions {
  readonly operations: Operations
  readonly events: EventLog
  /** The parts that are not ready, with the reasons; empty if all are ready. */
  readonly readiness: () => Readonly<Record<string, string>>
  readonly metrics: () => Promise<readonly Metric[]>
  /** The times that the parts of the controller record. */
  readonly latencies: readonly Histogram[]
  readonly auth: AuthSettings
  /** Key and certificates of this server, in PEM; undefined: no TLS. */
  readonly tls?: HttpTls | undefined
  readonly log: FastifyBaseLogger
  /** Where writes are recorded. Default: in the log. */
  readonly audit?: AuditLog
  /** The version of the program. */
  readonly version: string
}

/** Key and certificates, in PEM. */
export interface HttpTls {
  readonly key: Buffer
  readonly cert: Buffer
  /** The authorities that must have signed the certificates of callers; undefined: callers need none. */
  readonly ca?: Buffer | undefined
}

const MAX_BODY_OCTETS = 256 * 1024

/** Longer than any request line, so that an unknown path of any length is a 404. */
const MAX_PARAM_OCTETS = 64 * 1024

/** How long a caller may take for its TLS handshake. */
const MAX_HANDSHAKE_MS = 10_000

/** @param apis the APIs, in the order in which their routes are registered */
export async function buildHttp(options: HttpOptions, apis = APIS): Promise<HttpServer> {
  const { operations, events, log, version, tls } = options
  const metrics = new HttpMetrics(options)
  const answerProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const problem = asPlugboardError(error, request.log)
    metrics.failed(problem.code)
    return sendProblem(problem, request, reply)
  }
  const app: FastifyInstance = Fastify({
    ...(tls && { https: { ...credentialsOf(tls), handshakeTimeout: MAX_HANDSHAKE_MS } }),
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_OCTETS,
    forceCloseConnections: 'idle',
    // Requests that arrive while the server closes are served, because Fastify's own 503 is not a problem document.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_OCTETS },
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    frameworkErrors: answerProblem,
    clientErrorHandler: (error, socket) => {
      const code = answerRubbish(error, socket)
      if (code) metrics.failed(code)
    },
  })

  app.setErrorHandler(answerProblem)
  app.setNotFoundHandler((request, reply) => {
    const documents = apis.map(({ documentPath }) => documentPath).join(' or ')
    const detail = `there is no ${request.method} ${request.url.split('?')[0]}: ${documents} lists what there is`
    return answerProblem(new PlugboardError('not-found', detail), request, reply)
  })
  // Response schemas only document the answers. They must not remove fields from them.
  app.setSerializerCompiler(() => JSON.stringify)
  app.removeContentTypeParser('text/plain')
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null, undefined)
    else parse(request, body, done)
  })

  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id))
  app.addHook('preValidation', convertQuery)
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request
    const seconds = reply.elapsedTime / 1000
    metrics.observe(method, request.routeOptions.url ?? 'none', reply.statusCode, seconds)
    const read = method === 'GET' || method === 'HEAD'
    const line = { method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10 }
    request.log[read ? 'debug' : 'info'](line, 'request answered')
  })

  const made = await Promise.all(
    apis.map(async (api) => {
      const document = await documentOf(app, api, apis, version)
      return { api, context: { operations, events, version, document } }
    }),
  )
  for (const { api, context } of made) await app.register(api.open(context))
  await app.register(probeRoutes({ readiness: options.readiness, metrics }))
  const authenticator = new Authenticator(options.auth)
  const openAnswers = new OpenAnswers()
  app.addHook('onClose', async () => openAnswers.close())
  await app.register(async (guarded) => {
    guarded.decorateRequest('caller')
    guarded.decorateRequest('credential', null)
    auditRequests(guarded, options.audit ?? log)
    guarded.addHook('onRequest', async (request, reply) => {
      const credential = await authenticator.authenticate(request.headers.authorization)
      request.credential = credential
      request.caller = credential.caller
      authorise(request, credential.caller)
      openAnswers.add(reply.raw, credential)
    })
    for (const { api, context } of made) await guarded.register(api.guarded(context))
  })
  return Object.assign(app, {
    renewTls(tls: HttpTls) {
      if (app.server instanceof SecureServer) app.server.setSecureContext(credentialsOf(tls))
    },
    reauthenticate(auth: AuthSettings) {
      authenticator.replace(auth)
      openAnswers.endInvalid()
    },
  })
}

/** Callers are asked for a certificate only if it is said who may have signed it. */
const credentialsOf = ({ key, cert, ca }: HttpTls) =>
  ({ key, cert, ...(ca && { ca, requestCert: true, rejectUnauthorized: true }), minVersion: 'TLSv1.2' }) as const

export interface HttpServer extends FastifyInstance {
  /** Uses other key and certificates for new connections. Not for a server without TLS. */
  renewTls(tls: HttpTls): void
  /** Takes other tokens. Streams of callers that they do not accept end. */
  reauthenticate(auth: AuthSettings): void
}

/** The request id that the caller has chosen, if it is safe to log; otherwise a new one. */
const requestIdOf = (header: string | string[] | undefined): string =>
  typeof header === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : randomUUID()

/** Answers octets that are not a request. @returns the code of the answer; undefined: nobody is there to read one */
function answerRubbish(error: NodeJS.ErrnoException, socket: Socket): ErrorCode | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) return undefined
  // A caller whose TLS handshake has failed cannot read an answer.
  if (/^ERR_(SSL|TLS)_/.test(error.code ?? '')) {
    socket.destroy()
    return undefined
  }
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'too-large' : 'bad-request'
  const detail = code === 'too-large' ? 'the headers are over 16 KiB' : `this is no HTTP/1.1 request: ${error.message}`
  socket.end(rawProblem(code, detail))
  return code
}
