/** The HTTP server: routes, who may call them, and that every answer is in the contract's form. */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import type { TProperties } from 'typebox'
import type { Extension } from '../core/engine/extension.ts'
import { PlugboardError } from '../core/errors.ts'
import type { Metric } from '../core/metric.ts'
import type { CoreOperations, EventLog } from '../core/operations.ts'
import { Authenticator, type Token } from './v1/auth.ts'
import { eventRoutes } from './v1/events.ts'
import { extensionRoutes } from './v1/extensions.ts'
import { hypervisorRoutes } from './v1/hypervisors.ts'
import { HttpMetrics } from './v1/metrics.ts'
import { migrationRoutes } from './v1/migrations.ts'
import { portRoutes } from './v1/ports.ts'
import { probeRoutes } from './v1/probes.ts'
import { rawProblem, sendProblem } from './v1/problems.ts'
import { convertQuery } from './v1/query.ts'
import { vnicRoutes } from './v1/vnics.ts'

export interface HttpOptions {
  readonly operations: CoreOperations
  readonly extensions: readonly Extension[]
  /** Aliases of the engines that are loaded. */
  readonly engines: readonly string[]
  /** Fields that ports of theirs have beside the core's, and that can be changed. */
  readonly portFields: TProperties
  readonly events: EventLog
  /** Why it is not ready, by what is not; empty when it is. */
  readonly readiness: () => Readonly<Record<string, string>>
  readonly metrics: () => Promise<readonly Metric[]>
  readonly auth: { readonly tokens: readonly Token[] }
  readonly log: FastifyBaseLogger
  readonly version: string
}

/** Octets. */
const LARGEST_BODY = 256 * 1024

export async function buildHttp(options: HttpOptions) {
  const { operations, extensions, engines, events, readiness, log, version } = options
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LARGEST_BODY,
    forceCloseConnections: 'idle',
    // What still comes in while it closes is served: Fastify's own 503 is no problem in the contract's form.
    return503OnClosing: false,
    // Longer than any request line: what names nothing is a 404, however long.
    routerOptions: { maxParamLength: 64 * 1024 },
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
    clientErrorHandler,
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler((request, reply) => {
    const detail = `there is no ${request.method} ${request.url.split('?')[0]}: /v1/openapi.json lists what there is`
    return sendProblem(new PlugboardError('not-found', detail), request, reply)
  })
  // What is sent is what the controller made: a response schema documents it and strips nothing.
  app.setSerializerCompiler(() => JSON.stringify)
  app.removeContentTypeParser('text/plain')
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null, undefined)
    else parse(request, body, done)
  })

  const metrics = new HttpMetrics(options.metrics)
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

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Plugboard',
        version,
        description: 'A network controller for clouds on Open vSwitch: plug a virtual NIC into a port.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })
  await app.register(probeRoutes({ version, engines, readiness, metrics }))
  const authenticator = new Authenticator(options.auth.tokens)
  await app.register(async (guarded) => {
    guarded.decorateRequest('caller')
    guarded.addHook('onRequest', async (request) => {
      request.caller = authenticator.authorise(request)
    })
    await guarded.register(vnicRoutes(operations))
    await guarded.register(migrationRoutes(operations))
    await guarded.register(portRoutes(operations, options.portFields))
    await guarded.register(hypervisorRoutes(operations))
    await guarded.register(eventRoutes(events))
    await guarded.register(extensionRoutes(extensions))
  })
  return app
}

/** The caller's own id for the request, if it is one that can be logged. */
const requestIdOf = (header: string | string[] | undefined): string =>
  typeof header === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : randomUUID()

function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  const detail =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'the headers are over 16 KiB'
      : `this is no HTTP/1.1 request: ${error.message}`
  socket.end(rawProblem(error.code === 'HPE_HEADER_OVERFLOW' ? 'too-large' : 'bad-request', detail))
}
