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
import { Admission } from './admission.ts'
import { DEFAULT_LIMITS, type HttpLimits } from './api-limits.ts'
import { APIS } from './api-list.ts'
import { type AuditLog, auditRequests } from './audit.ts'
import { Authenticator, type AuthSettings, authorise } from './auth.ts'
import { checkHost } from './host-header.ts'
import { HttpMetrics } from './http-metrics.ts'
import { jsonBody } from './json-body.ts'
import { OpenAnswers } from './open-answers.ts'
import { documentOf } from './openapi.ts'
import { metricsRoute, probeRoutes } from './probes.ts'
import { asPlugboardError, rawProblem, sendProblem } from './problems.ts'
import { convertQuery } from './query.ts'
import { RequestLog } from './request-log.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

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
  /** What callers may take. By default, that of the configuration. */
  readonly limits?: HttpLimits
  /** The hosts that requests may name, and the one that the API listens on. */
  readonly hosts?: { readonly names: readonly string[]; readonly listen: string }
  /** May everybody read the metrics? Default: no. */
  readonly hasPublicMetrics?: boolean
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

/** How often Node looks for requests that did not arrive in time. */
const CHECK_INTERVAL_MS = 1000

/**
 * A connection without an octet in either direction for this time is closed, such as one whose caller does not read its answer. The
 * answer that takes the longest to begin is that of a switch's rules: 120 s.
 */
const MAX_SILENCE_MS = 150_000

/** @param apis the APIs, in the order in which their routes are registered */
export async function buildHttp(options: HttpOptions, apis = APIS): Promise<HttpServer> {
  const {
    operations,
    events,
    log,
    version,
    tls,
    limits = DEFAULT_LIMITS,
    hosts = { names: [], listen: 'localhost' },
  } = options
  const requestTimeout = limits.request_seconds * 1000
  const app: FastifyInstance = Fastify({
    ...(tls && { https: { ...credentialsOf(tls), handshakeTimeout: MAX_HANDSHAKE_MS } }),
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_OCTETS,
    forceCloseConnections: 'idle',
    requestTimeout,
    connectionTimeout: MAX_SILENCE_MS,
    http: {
      headersTimeout: Math.min(limits.header_seconds * 1000, requestTimeout),
      requestTimeout,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    },
    // Requests that arrive while the server closes are served, because Fastify's own 503 is not a problem document.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_OCTETS },
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    frameworkErrors: (error, request, reply) => answerProblem(error, request, reply),
    clientErrorHandler: (error, socket) => {
      const code = answerRaw(error, socket, admission, log)
      if (code) metrics.failed(code)
    },
  })
  const admission = new Admission(app, limits, log)
  const counted = async () => [...(await options.metrics()), ...admission.metrics()]
  const metrics = new HttpMetrics({ ...options, metrics: counted })
  const authenticator = new Authenticator(options.auth)
  const answerProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const problem = asPlugboardError(error, request.log)
    metrics.failed(problem.code)
    return sendProblem(problem, request, reply)
  }

  app.setErrorHandler(answerProblem)
  const notFound = (method: string, url: string) => {
    const documents = apis.map(({ documentPath }) => documentPath).join(' or ')
    const detail = `there is no ${method} ${url.split('?')[0]}: ${documents} lists what there is`
    return new PlugboardError('not-found', detail)
  }
  app.setNotFoundHandler((request, reply) => answerProblem(notFound(request.method, request.url), request, reply))
  // Response schemas only document the answers. They must not remove fields from them.
  app.setSerializerCompiler(() => JSON.stringify)
  app.removeContentTypeParser('text/plain')
  const parse = jsonBody(app.getDefaultJsonParser('error', 'error'))
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parse)

  const requestLog = new RequestLog()
  app.decorateRequest('use')
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id })
    admission.enter(request, reply)
    checkHost(request.headers.host, { ...hosts, hasTokens: !authenticator.isOpen })
    // At once, since nobody needs to read the body of such a request.
    if (request.is404) throw notFound(request.method, request.url)
  })
  app.addHook('preValidation', convertQuery)
  app.addHook('onSend', async (request, _, payload) => {
    if (typeof payload === 'string') request.use?.answer(Buffer.byteLength(payload))
  })
  app.addHook('onResponse', async (request, reply) => {
    metrics.observe(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000)
    requestLog.answered(request, reply)
  })

  const unread = { seconds: limits.unread_seconds, ended: () => admission.refused('unread-stream') }
  const made = await Promise.all(
    apis.map(async (api) => {
      const document = await documentOf(app, api, apis, version)
      return { api, context: { operations, events, unread, version, document } }
    }),
  )
  for (const { api, context } of made) await app.register(api.open(context))
  const { hasPublicMetrics = false } = options
  await app.register(probeRoutes({ readiness: options.readiness }))
  if (hasPublicMetrics) await app.register(metricsRoute(metrics, true))
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
      admission.begin(request, reply)
      authorise(request, credential.caller)
      openAnswers.add(reply.raw, credential)
    })
    if (!hasPublicMetrics) await guarded.register(metricsRoute(metrics, false))
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

/** Answers octets that are no request, or a request that did not arrive in time. @returns the code of the answer; undefined: none */
function answerRaw(
  error: NodeJS.ErrnoException,
  socket: Socket,
  admission: Admission,
  log: FastifyBaseLogger,
): ErrorCode | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) return undefined
  // A caller whose TLS handshake has failed cannot read an answer.
  if (admission.connections.isAnswering(socket) || /^ERR_(SSL|TLS)_/.test(error.code ?? '')) {
    socket.destroy(error)
    return undefined
  }
  const [code, detail] = whatIsWrong(error)
  const id = randomUUID()
  log.debug({ reqId: id, from: socket.remoteAddress, detail }, 'octets that are no request')
  socket.end(rawProblem(code, detail, id))
  return code
}

function whatIsWrong({ code, message }: NodeJS.ErrnoException): readonly [ErrorCode, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return ['too-large', 'the headers are over 16 KiB']
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['request-timeout', 'the request did not arrive in time: send it faster, or less at a time']
    default:
      return ['bad-request', `this is no HTTP/1.1 request: ${message}`]
  }
}
