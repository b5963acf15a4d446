/**
 * Passes each packet that a switch sends to the handler of the stage whose rule sent it, and counts the outcomes. A stage
 * declares in `punts` the tables from which its rules send packets.
 */
import type { Stage } from '../../flows/pipeline/stage.ts'
import { PIPELINE } from '../../flows/stages/assembled.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Effects } from '../core/effects.ts'
import type { Generations } from '../core/realisation.ts'
import type { Subscriber } from '../core/subscribers.ts'
import type { PacketIn, Session } from '../openflow/index.ts'
import type { SwitchListener } from '../switches/switch-listener.ts'

/** The outcome of a packet. */
export type Outcome = 'answered' | 'ignored' | 'dropped'

/** A handler of packets. It may also follow commits and what switches confirm. */
export interface PacketHandler
  extends Pick<Subscriber, 'committed'>,
    Pick<SwitchListener, 'confirmed' | 'disconnected'> {
  /** The stage whose packets the handler takes. */
  readonly stage: Stage
  packetIn(hypervisor: HypervisorId, session: Session, packet: PacketIn): void
  /** Called when the controller stops. */
  close?(): void
}

export class PacketDispatch implements Subscriber, SwitchListener {
  /** The number of packets since the controller started, by outcome. */
  readonly counts: Record<Outcome, number> = { answered: 0, ignored: 0, dropped: 0 }
  readonly #handlers = new Map<string, PacketHandler>()

  /** @throws Error if another handler takes the packets of the same stage */
  register(handler: PacketHandler): void {
    const { name } = handler.stage
    if (this.#handlers.has(name)) throw new Error(`two handlers take the packets of stage ${name}`)
    this.#handlers.set(name, handler)
  }

  packetIn(hypervisor: HypervisorId, session: Session, packet: PacketIn): void {
    const stage = PIPELINE.punting(packet.table)
    const handler = stage === undefined ? undefined : this.#handlers.get(stage)
    if (handler) handler.packetIn(hypervisor, session, packet)
    else this.count('ignored')
  }

  committed(effects: Effects, generations: Generations): void {
    for (const handler of this.#handlers.values()) handler.committed?.(effects, generations)
  }

  confirmed(hypervisor: HypervisorId, generation: number): void {
    for (const handler of this.#handlers.values()) handler.confirmed?.(hypervisor, generation)
  }

  disconnected(hypervisor: HypervisorId): void {
    for (const handler of this.#handlers.values()) handler.disconnected?.(hypervisor)
  }

  count(outcome: Outcome): void {
    this.counts[outcome] += 1
  }

  close(): void {
    for (const handler of this.#handlers.values()) handler.close?.()
  }
}
