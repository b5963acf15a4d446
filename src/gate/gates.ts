/** The gates of both listeners for hypervisors, what they log and what they count. */
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Metric } from '../core/metric.ts'
import { networkOf } from '../core/network-of.ts'
import { SparingLog } from '../core/sparing-log.ts'
import { connectionsFor, descriptorLimit } from './descriptors.ts'
import { Gate, type GateLimits } from './gate.ts'

/** Different lines in a minute. Each address has one line in a minute for each listener. */
const MAX_LINES = 100

export class Gates {
  readonly openflow: Gate
  readonly ovsdb: Gate
  readonly #log: Logger
  readonly #sparing = new SparingLog(MAX_LINES)

  constructor(limits: { readonly openflow: GateLimits; readonly ovsdb: GateLimits }, log: Logger) {
    this.#log = log
    const most = connectionsFor(descriptorLimit())
    this.openflow = this.#gate('OpenFlow', limits.openflow, most)
    this.ovsdb = this.#gate('OVSDB', limits.ovsdb, most)
  }

  /**
   * Logs that a connection was refused or closed before it was known, unless its address has such a line already.
   * @param from the address, or the address with its port if that is known
   */
  refused(protocol: string, address: string, reason: string, from = address): void {
    const write = () => this.#log.warn({ from, reason }, `an ${protocol} connection was refused`)
    this.#sparing.log(`${protocol} ${networkOf(address)}`, write)
  }

  metrics(): Metric[] {
    const all = Object.entries({ openflow: this.openflow, ovsdb: this.ovsdb })
    const states = (listener: string, { known, unknown }: Gate) => [
      { labels: { listener, state: 'known' }, value: known },
      { labels: { listener, state: 'unknown' }, value: unknown },
    ]
    return [
      {
        name: 'plugboard_connections',
        help: 'Connections of hypervisors. A connection is unknown until it has joined.',
        type: 'gauge',
        samples: all.flatMap(([listener, gate]) => states(listener, gate)),
      },
      {
        name: 'plugboard_connections_refused_total',
        help: 'Connections that were refused, or closed before they had joined, because of a limit.',
        type: 'counter',
        samples: all.map(([listener, { refusals }]) => ({ labels: { listener }, value: refusals })),
      },
    ]
  }

  #gate(protocol: string, limits: GateLimits, most: number): Gate {
    const maxConnections = Math.min(limits.maxConnections, most)
    if (maxConnections < limits.maxConnections) {
      this.#log.info(
        { protocol, maxConnections, descriptors: descriptorLimit() },
        'fewer connections than configured, because of the limit of open files',
      )
    }
    // Some places are left for hypervisors that are known, even if each caller that is not has one.
    const maxUnknown = Math.min(limits.maxUnknown, Math.ceil(maxConnections / 2))
    const refused = (address: string, reason: string) => this.refused(protocol, address, reason)
    return new Gate({ ...limits, maxConnections, maxUnknown }, refused)
  }
}

/** The options of a listener whose sockets pass a gate. */
export const through = (gate: Gate) => ({ onSocket: (socket: Socket) => gate.enter(socket) })
