/** The HTTP API on a controller without switches, for tests that use `inject`. */
import { createHash } from 'node:crypto'
import pino from 'pino'
import type { Api } from '../../src/http/api.ts'
import { DEFAULT_LIMITS, type HttpLimits } from '../../src/http/api-limits.ts'
import type { AuditLog } from '../../src/http/audit.ts'
import type { Token } from '../../src/http/auth.ts'
import { buildHttp, type HttpOptions } from '../../src/http/http-server.ts'
import type { OidcSettings } from '../../src/http/oidc.ts'
import { controllerOn, type Options } from './controller.ts'

interface Teardown {
  teardown(stop: () => unknown): void
}

export interface ApiOptions extends Options {
  /** Token -> project and role. */
  readonly tokens?: Readonly<Record<string, Omit<Token, 'sha256'>>>
  /** The provider of signed tokens. */
  readonly oidc?: OidcSettings
  readonly audit?: AuditLog
  /** What callers may take, where it differs from the defaults. */
  readonly limits?: Partial<HttpLimits>
  readonly hosts?: HttpOptions['hosts']
  readonly hasPublicMetrics?: boolean
  readonly log?: HttpOptions['log']
  /** The HTTP APIs. Default: those of the program. */
  readonly apis?: readonly Api[]
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Record<string, unknown>
}

export async function apiOn(
  t: Teardown,
  {
    tokens = {},
    oidc,
    audit,
    apis,
    limits,
    hosts,
    hasPublicMetrics = false,
    log = pino({ level: 'silent' }),
    ...options
  }: ApiOptions = {},
) {
  const cloud = await controllerOn(options)
  const { controller } = cloud
  const app = await buildHttp(
    {
      operations: controller.operations,
      events: controller.events,
      readiness: (): Record<string, string> => (controller.broken === null ? {} : { store: controller.broken }),
      metrics: () => controller.metrics(),
      latencies: controller.latencies.all,
      auth: {
        oidc,
        tokens: Object.entries(tokens).map(([token, of]) => ({
          sha256: createHash('sha256').update(token).digest('hex'),
          ...of,
        })),
      },
      limits: { ...DEFAULT_LIMITS, ...limits },
      ...(hosts && { hosts }),
      hasPublicMetrics,
      log,
      ...(audit && { audit }),
      version: '0.0.0-test',
    },
    apis,
  )
  t.teardown(async () => {
    controller.stop()
    await app.close()
  })
  /** Calls the API. Paths are below /v1 unless they begin with `//`. */
  const call = async (
    method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const url = path.startsWith('//') ? path.slice(1) : `/v1${path}`
    const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await app.inject({ method, url, ...payload, headers: { ...type, ...headers } })
    const json = String(response.headers['content-type'] ?? '').includes('json') && response.body !== ''
    return {
      status: response.statusCode,
      headers: response.headers,
      body: json ? response.json() : { text: response.body },
    }
  }
  return { ...cloud, app, call }
}
