/**
 * Tunnel addresses that cannot work: one that another hypervisor has, and one of another family than those of the other
 * hypervisors. Only hypervisors that are there count: one that was replaced may leave its address to its successor.
 */
import { sameFamily } from '../../flows/pipeline/tunnel.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import type { Stopped, Trouble } from '../core/trouble.ts'

/**
 * Another hypervisor that has a tunnel address and is there. As long as it is, nobody else can have that address: frames for its VNICs
 * would go astray.
 */
export function encapHolder(
  graph: GraphReader,
  id: HypervisorId,
  address: string | null,
  isThere: (hypervisor: HypervisorId) => boolean,
): HypervisorId | undefined {
  if (address === null) return undefined
  for (const other of graph.hypervisors.values()) {
    if (other.encapIp === address && other.id !== id && isThere(other.id)) return other.id
  }
  return undefined
}

/** A hypervisor that says it has the tunnel address of another one. */
export interface RefusedAddress {
  readonly id: HypervisorId
  readonly address: string
  readonly holder: HypervisorId
}

/** A connected host. */
interface Host {
  readonly id: HypervisorId
  /** The address that it says it has. */
  readonly encapIp: string | null
  /** Reads it again. */
  refresh(): void
}

/** The hosts that say that they have the tunnel address of another one. Those whose address is free by now are read again. */
export function refusedAddresses(
  graph: GraphReader,
  hosts: Iterable<Host>,
  isThere: (hypervisor: HypervisorId) => boolean,
): RefusedAddress[] {
  const refused: RefusedAddress[] = []
  for (const host of hosts) {
    const { id, encapIp: address } = host
    if (address === null || graph.hypervisors.get(id)?.encapIp === address) continue
    const holder = encapHolder(graph, id, address, isThere)
    if (holder === undefined) host.refresh()
    else refused.push({ id, address, holder })
  }
  return refused
}

/** A hypervisor with a tunnel address. */
type Endpoint = Pick<Hypervisor, 'id' | 'key'> & { readonly encapIp: string }

/**
 * @param hasPorts has a hypervisor a VNIC? Only those count for the family that most have, so that strangers do not change it
 * @returns the troubles of each connected hypervisor that has some
 */
export function encapTroubles(
  connected: Iterable<Hypervisor>,
  hasPorts: (id: HypervisorId) => boolean,
  refused: readonly RefusedAddress[],
): Map<HypervisorId, readonly Trouble[]> {
  const endpoints: Endpoint[] = []
  for (const { id, key, encapIp } of connected) if (encapIp !== null) endpoints.push({ id, key, encapIp })
  const found = new Map<HypervisorId, Trouble[]>()
  const add = (id: HypervisorId, trouble: Trouble) => found.set(id, [...(found.get(id) ?? []), trouble])
  for (const { id, address, holder } of refused) {
    add(id, taken(address, holder))
    add(holder, imitated(address, id))
  }
  const odd = oddOnes(endpoints, hasPorts)
  for (const { id, encapIp } of odd) add(id, otherFamily(encapIp, odd.length))
  return found
}

/** The hypervisors whose address is of the family that fewer have. If both have as many, IPv6 is the odd one. */
function oddOnes(endpoints: readonly Endpoint[], hasPorts: (id: HypervisorId) => boolean): readonly Endpoint[] {
  const isOld = ({ encapIp }: Endpoint) => sameFamily(encapIp, '0.0.0.0')
  const used = endpoints.filter(({ id }) => hasPorts(id))
  const old = (used.length > 0 ? used : endpoints).filter(isOld).length
  const isMostlyOld = old * 2 >= (used.length > 0 ? used : endpoints).length
  return endpoints.filter((each) => isOld(each) !== isMostlyOld)
}

/** Its peers send to the holder of the address alone. */
const taken = (address: string, holder: HypervisorId): Trouble => ({
  code: 'duplicate-encap-ip',
  message: `plugboard-encap-ip ${address} is that of hypervisor ${holder}, which is connected, and is refused: give this host an address of its own`,
  severity: 'critical',
  stopped: { kind: 'tunnels' },
})

/** If both hosts really have the address, the network between them may bring frames to either of them. */
const imitated = (address: string, other: HypervisorId): Trouble => ({
  code: 'duplicate-encap-ip',
  message: `hypervisor ${other} says that it has plugboard-encap-ip ${address}, too, and is refused: give that host an address of its own`,
  severity: 'warning',
  stopped: { kind: 'nothing' },
})

/** @param count the number of hypervisors with this family: several can still reach each other */
function otherFamily(address: string, count: number): Trouble {
  const [its, right] = address.includes(':') ? ['IPv6', 'IPv4'] : ['IPv4', 'IPv6']
  const stopped: Stopped = { kind: count === 1 ? 'overlays' : 'family' }
  return {
    code: 'encap-ip-family',
    message: `plugboard-encap-ip ${address} is ${its}, and most hypervisors have ${right} addresses, which it cannot reach: give it an ${right} address`,
    severity: 'error',
    stopped,
  }
}
