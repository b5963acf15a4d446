/** Hands each packet that a switch sends to the handler of the table that it comes from, and counts what becomes of packets. */
import type { HypervisorId } from '../../topology/ids.ts'
import type { PacketIn, Session } from '../openflow/index.ts'
import type { SwitchListener } from '../switches/switch-listener.ts'

export const OUTCOMES = ['answered', 'ignored', 'dropped'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface PacketHandler {
  /** The OpenFlow tables whose packets it takes. No two handlers take the same one. */
  readonly tables: readonly number[]
  packetIn(hypervisor: HypervisorId, session: Session, packet: PacketIn): void
  /** The controller stops. */
  close?(): void
}

export class PacketDispatch implements SwitchListener {
  /** Packets since the controller was started, by what became of them. */
  readonly counts: Record<Outcome, number> = { answered: 0, ignored: 0, dropped: 0 }
  readonly #handlers = new Map<number, PacketHandler>()

  /** @throws Error where another handler takes one of its tables */
  register(handler: PacketHandler): void {
    for (const table of handler.tables) {
      if (this.#handlers.has(table)) throw new Error(`two handlers take the packets of table ${table}`)
      this.#handlers.set(table, handler)
    }
  }

  packetIn(hypervisor: HypervisorId, session: Session, packet: PacketIn): void {
    const handler = this.#handlers.get(packet.table)
    if (handler) handler.packetIn(hypervisor, session, packet)
    else this.count('ignored')
  }

  count(outcome: Outcome): void {
    this.counts[outcome] += 1
  }

  close(): void {
    for (const handler of new Set(this.#handlers.values())) handler.close?.()
  }
}
