/** Who may pass for a hypervisor. */
import type { X509Certificate } from 'node:crypto'
import type { HypervisorId } from '../../topology/ids.ts'

/** The other side of a connection. */
interface Peer {
  /** Undefined without TLS. */
  readonly certificate: X509Certificate | undefined
}

/** Says why a peer cannot be this hypervisor, or its switch; undefined: it can. */
export type RefusalOf = (hypervisor: HypervisorId, peer: Peer) => string | undefined
