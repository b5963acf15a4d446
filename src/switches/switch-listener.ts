/** The interface of objects that react to connected switches. */
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Trouble } from '../core/trouble.ts'
import type { PacketIn, Session } from '../openflow/index.ts'
import type { SwitchEvents } from './switch.ts'

export interface SwitchListener {
  connected?(hypervisor: HypervisorId): void
  disconnected?(hypervisor: HypervisorId): void
  /** Called when the whole switch was compared: it has no other rules of ours than those desired in this generation. */
  synced?(hypervisor: HypervisorId, generation: number): void
  /** Called when the switch has all rules up to this generation, except for objects that were set aside. */
  confirmed?(hypervisor: HypervisorId, generation: number): void
  /** Called when the switch's refusals of these objects have changed. */
  refused?(hypervisor: HypervisorId, objects: ReadonlySet<Key>): void
  /** Called with the troubles that rules of other programs make on the switch. */
  intruded?(hypervisor: HypervisorId, troubles: readonly Trouble[]): void
  /** Called when the switch has sent a packet to the controller. */
  packetIn?(hypervisor: HypervisorId, session: Session, packet: PacketIn): void
}

/** @param listeners returns those that are told at the moment */
export function eventsTo(
  hypervisor: HypervisorId,
  session: Session,
  listeners: () => readonly SwitchListener[],
): SwitchEvents {
  return {
    confirmed(generation) {
      for (const each of listeners()) each.confirmed?.(hypervisor, generation)
    },
    synced(generation) {
      for (const each of listeners()) each.synced?.(hypervisor, generation)
    },
    refused(objects) {
      for (const each of listeners()) each.refused?.(hypervisor, objects)
    },
    intruded(troubles) {
      for (const each of listeners()) each.intruded?.(hypervisor, troubles)
    },
    packetIn(packet) {
      for (const each of listeners()) each.packetIn?.(hypervisor, session, packet)
    },
  }
}
