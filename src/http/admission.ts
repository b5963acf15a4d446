/**
 * Lets requests in, or refuses them because there are too many: connections, requests of a turn, and the use of each token. Counts
 * what was refused.
 */
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PlugboardError } from '../core/errors.ts'
import type { Metric } from '../core/metric.ts'
import { SparingLog } from '../core/sparing-log.ts'
import type { HttpLimits } from './api-limits.ts'
import { Connections } from './connections.ts'
import { Overload } from './overload.ts'
import { type Reason, Usage, type Use } from './usage.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request uses. Routes that need a token have it. */
    use: Use | undefined
  }
}

/** Lines in a minute: one for each reason. */
const MAX_LINES = 10

/** What was refused, or ended because of a limit. */
type Refusal = Reason | 'connections' | 'overload' | 'unread-stream'

export class Admission {
  readonly connections: Connections
  readonly #usage: Usage
  readonly #overload: Overload
  readonly #refused: Record<Refusal, number> = {
    connections: 0,
    overload: 0,
    rate: 0,
    requests: 0,
    pages: 0,
    held: 0,
    streams: 0,
    unread: 0,
    'unread-stream': 0,
  }

  readonly #sparing = new SparingLog(MAX_LINES)
  readonly #log: FastifyBaseLogger

  constructor(app: FastifyInstance, limits: HttpLimits, log: FastifyBaseLogger) {
    this.#log = log
    this.connections = new Connections(limits, () => this.refused('connections'))
    this.connections.attach(app.server)
    this.#usage = new Usage(limits, (reason) => this.refused(reason))
    this.#overload = new Overload(limits.max_delay_ms)
    app.addHook('onClose', async () => this.#overload.close())
  }

  /** Called for each request, before its token is looked at. @throws PlugboardError `unavailable` */
  enter({ raw, routeOptions }: FastifyRequest, reply: FastifyReply): void {
    if (this.connections.isBeyond(raw.socket)) {
      reply.header('connection', 'close')
      throw new PlugboardError('unavailable', 'there are too many connections: try again later, or close some')
    }
    if (routeOptions.config.isProbe || !this.#overload.refuses()) return
    this.refused('overload')
    throw new PlugboardError('unavailable', 'there are more requests than can be served in time: try again later')
  }

  /** Called for each request of a known caller. @throws PlugboardError `rate-limited` or `unavailable` */
  begin(request: FastifyRequest, reply: FastifyReply): void {
    const use = this.#usage.begin(request.caller)
    if ('error' in use) {
      reply.header('retry-after', String(Math.ceil(use.seconds)))
      throw use.error
    }
    request.use = use
    reply.raw.once('close', () => use.end())
  }

  /** Counts something that was refused or ended. */
  refused(reason: Refusal): void {
    this.#refused[reason] += 1
    const write = () => this.#log.warn({ reason }, 'a limit of callers of the API is reached: see docs/operations.md')
    this.#sparing.log(reason, write)
  }

  metrics(): Metric[] {
    const { requests, pages, held, streams } = this.#usage.total
    return [
      gauge('plugboard_http_connections', 'Connections to the API.', this.connections.count),
      gauge('plugboard_http_requests', 'Requests under way, without held ones and streams.', requests + pages),
      gauge('plugboard_http_held', 'Answers that are held until something has happened.', held),
      gauge('plugboard_event_streams', 'Open streams of events.', streams),
      {
        name: 'plugboard_http_refused_total',
        help: 'What was refused or ended because of a limit.',
        type: 'counter',
        samples: Object.entries(this.#refused).map(([reason, value]) => ({ labels: { reason }, value })),
      },
    ]
  }
}

const gauge = (name: string, help: string, value: number): Metric => ({
  name,
  help,
  type: 'gauge',
  samples: [{ labels: {}, value }],
})
