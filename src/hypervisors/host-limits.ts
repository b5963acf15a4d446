import type { ReplicaLimits } from '../ovsdb/index.ts'

/** What a host may send and fill. */
export interface HostLimits {
  /** The octets of a message of a host whose system-id is known. Until then, the limit of the listener counts. */
  readonly maxMessage: number
  /** About the octets of memory that its rows may take, and their number. */
  readonly rows: ReplicaLimits
}
