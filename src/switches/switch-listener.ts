/** Those who act on what the connected switches do. */
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { PacketIn, Session } from '../openflow/index.ts'

export interface SwitchListener {
  connected?(hypervisor: HypervisorId): void
  disconnected?(hypervisor: HypervisorId): void
  /** The switch was compared as a whole: it has no rules of ours but those that were wanted as of this generation. */
  synced?(hypervisor: HypervisorId, generation: number): void
  /** The switch has all rules up to this generation, or they were set aside. */
  confirmed?(hypervisor: HypervisorId, generation: number): void
  /** What the switch refuses of these objects has changed. */
  refused?(hypervisor: HypervisorId, objects: ReadonlySet<Key>): void
  /** The switch has sent a packet to the controller. */
  packetIn?(hypervisor: HypervisorId, session: Session, packet: PacketIn): void
}
