/**
 * What the peers of the two listeners for hypervisors may take from this process, each limit with its reason. Those that an
 * operator may need to change are keys of the configuration (`src/config/settings.ts`); docs/operations.md lists all of them.
 */

const KIB = 1024
const MIB = 1024 * KIB

export const OPENFLOW_LIMITS = {
  /** Until its hypervisor is known, a switch is sent a hello, a few requests and answers to echo requests. */
  EARLY_WAITING_OCTETS: 256 * KIB,
  /** Bundles wait for the switch to read. So this is full only when a switch reads no answers to its own requests. */
  WAITING_OCTETS: 16 * MIB,
} as const

export const OVSDB_LIMITS = {
  /** A host that has not joined is asked for its system-id alone. The answer has some hundred octets. */
  EARLY_MESSAGE_OCTETS: 1 * MIB,
  /** Transactions of the controller have some kilobytes. */
  UNREAD_OCTETS: 4 * MIB,
  /** The memory for unfinished messages of all hosts: the snapshots of some hosts with thousands of interfaces each. */
  HELD_OCTETS: 128 * MIB,
  /** As many snapshots of the longest kind fit into it at least. */
  MIN_HELD_MESSAGES: 4,
  /** The longest snapshot (32 MiB) at 5 Mbit/s. */
  MESSAGE_TIMEOUT_MS: 60_000,
  /** ovsdb-server answers within milliseconds, or some seconds if its disk is slow. */
  REQUEST_TIMEOUT_MS: 60_000,
  /** The rows of about 14,000 interfaces of VMs. */
  REPLICA_OCTETS: 64 * MIB,
} as const
