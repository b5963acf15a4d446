/** What stops traffic on a hypervisor: the condition that says so, and which traffic it is. */
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Condition } from './engine/engine.ts'

/** The traffic of a hypervisor that does not pass. */
export type Stopped =
  /** What leaves by the port towards the fabric with this role: `uplink:physnet1`. */
  | { readonly kind: 'role'; readonly role: string }
  /** What leaves by any tunnel. */
  | { readonly kind: 'tunnels' }
  /** What leaves by the tunnels between hypervisors; those of ports to remote ends work. */
  | { readonly kind: 'overlays' }
  /** What leaves by a tunnel for other hypervisors whose tunnel address is of the other family. */
  | { readonly kind: 'family' }
  /** What leaves by the tunnel port with this role for one other hypervisor. */
  | { readonly kind: 'peer'; readonly role: string; readonly peer: HypervisorId }
  /** What the rules of these objects forward. */
  | { readonly kind: 'objects'; readonly objects: ReadonlySet<Key> }
  /** What passes one interface of a VNIC. */
  | { readonly kind: 'interface'; readonly interface: string }
  /** None: only an operator needs to know. */
  | { readonly kind: 'nothing' }

export interface Trouble extends Condition {
  readonly stopped: Stopped
}
