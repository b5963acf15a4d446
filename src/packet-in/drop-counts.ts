/**
 * The numbers of frames that the guards of VNICs have refused. They grow with the counters of the switches. A counter that begins
 * again, because its rule or its switch is new, takes nothing away.
 */
import { LRUCache } from 'lru-cache'
import type { Key, VnicId } from '../../topology/ids.ts'

/** The counter of a rule that refuses frames of a port. */
export interface Counter {
  readonly port: Key
  readonly packets: number
  /** When the switch began to count, in milliseconds since 1970. */
  readonly sinceMs: number
}

export interface Counted {
  readonly count: number
  readonly sinceMs: number
}

/** The most switches whose last counters are remembered. */
const MAX_SWITCHES = 10_000
/** The beginning of a counter is computed anew with each read. It differs by less than this, unless the counter is a new one. */
const MAX_JITTER_MS = 1_000

export class DropCounts {
  readonly #ofVnic = new Map<VnicId, Counted>()
  /** By datapath id, which a host keeps under another name. */
  readonly #last = new LRUCache<bigint, ReadonlyMap<Key, Counter>>({ max: MAX_SWITCHES })

  get(vnic: VnicId): Counted | undefined {
    return this.#ofVnic.get(vnic)
  }

  /**
   * Works the counters of a switch in.
   * @param counters all that the switch has
   * @param vnicOf the VNIC in a port, if it has one
   */
  note(datapathId: bigint, counters: readonly Counter[], vnicOf: (port: Key) => VnicId | undefined): void {
    const before = this.#last.get(datapathId)
    const counting = counters.filter(({ packets }) => packets > 0)
    this.#last.set(datapathId, new Map(counting.map((each) => [each.port, each])))
    for (const counter of counting) {
      const vnic = vnicOf(counter.port)
      const more = counter.packets - alreadyIn(counter, before?.get(counter.port))
      if (vnic === undefined || more === 0) continue
      const known = this.#ofVnic.get(vnic)
      this.#ofVnic.set(vnic, {
        count: (known?.count ?? 0) + more,
        sinceMs: known && known.sinceMs < counter.sinceMs + MAX_JITTER_MS ? known.sinceMs : counter.sinceMs,
      })
    }
  }

  forget(vnic: VnicId): void {
    this.#ofVnic.delete(vnic)
  }
}

/** The part of a counter that was worked in before. */
function alreadyIn({ packets, sinceMs }: Counter, last: Counter | undefined): number {
  if (!last || Math.abs(sinceMs - last.sinceMs) > MAX_JITTER_MS) return 0
  return last.packets <= packets ? last.packets : 0
}
