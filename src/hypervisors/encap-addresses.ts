/**
 * Tunnel addresses that cannot work: one that two hypervisors share, and one of another family than those of the other
 * hypervisors. Only hypervisors that are connected count: one that was replaced may leave its address to its successor.
 */
import { sameFamily } from '../../flows/pipeline/tunnel.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import type { Stopped, Trouble } from '../core/trouble.ts'

/** A hypervisor with a tunnel address. */
type Endpoint = Pick<Hypervisor, 'id' | 'key'> & { readonly encapIp: string }

/** @returns the troubles of each connected hypervisor that has some */
export function encapTroubles(connected: Iterable<Hypervisor>): Map<HypervisorId, readonly Trouble[]> {
  const endpoints: Endpoint[] = []
  const byAddress = new Map<string, HypervisorId[]>()
  for (const { id, key, encapIp } of connected) {
    if (encapIp === null) continue
    endpoints.push({ id, key, encapIp })
    byAddress.set(encapIp, [...(byAddress.get(encapIp) ?? []), id])
  }
  const odd = oddOnes(endpoints)
  const found = new Map<HypervisorId, readonly Trouble[]>()
  for (const { id, encapIp } of endpoints) {
    const twins = (byAddress.get(encapIp) ?? []).filter((other) => other !== id)
    const troubles = [
      ...twins.map((twin) => shared(encapIp, twin)),
      ...(odd.has(id) ? [otherFamily(encapIp, odd.size)] : []),
    ]
    if (troubles.length > 0) found.set(id, troubles)
  }
  return found
}

/** The hypervisors whose address is of the family that fewer have. If both have as many, IPv6 is the odd one. */
function oddOnes(endpoints: readonly Endpoint[]): ReadonlySet<HypervisorId> {
  const isOld = ({ encapIp }: Endpoint) => sameFamily(encapIp, '0.0.0.0')
  const [four, six] = [endpoints.filter(isOld), endpoints.filter((each) => !isOld(each))]
  return new Set((six.length > four.length ? four : six.length > 0 && four.length > 0 ? six : []).map(({ id }) => id))
}

/** A packet to an address that two hypervisors share may reach either of them. */
const shared = (address: string, twin: HypervisorId): Trouble => ({
  code: 'duplicate-encap-ip',
  message: `plugboard-encap-ip ${address} is that of hypervisor ${twin}, too: each needs an address of its own`,
  severity: 'critical',
  stopped: { kind: 'tunnels' },
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
