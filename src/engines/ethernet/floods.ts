/**
 * Limits on the number of copies that Open vSwitch makes of one frame. After 4,096 table look-ups it stops the translation, and
 * delivers no copy at all. It also drops datapath actions beyond 64 KiB. It reports neither to the controller. Measured on OVS
 * 3.1.0 in user space, see docs/limits.md and test/engines/limits-ovs.test.ts.
 */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId, NetworkId } from '../../../topology/ids.ts'

/** The most members of a network on one switch. Each one takes a look-up. 4,090 worked in the measurement. */
export const MAX_MEMBERS = 4000
/** The most octets of datapath actions for all copies of one frame. The rest of the 65,536 is left for a remote site. */
const MAX_ACTIONS_OCTETS = 65_000
/** The octets of actions for the copy to one local member. */
const MEMBER_OCTETS = 8
/** Additional octets if the member has an ingress rate limit: a clone of 4 and a meter of 8. */
const METER_OCTETS = 12
/** Additional octets if the member is in a trunk: pushing and popping a tag. */
const TRUNK_TAG_OCTETS = 12
/** Additional octets for the copy to a peer: 8 for a VLAN tag of the underlay, and a reserve. */
const TAG_OCTETS = 16

/** Measured octets of datapath actions for the copy to one peer, over an underlay without tags. */
export interface CopySize {
  readonly ipv4: number
  readonly ipv6: number
}

/**
 * The number of peers that a flood reaches from one switch.
 * @param octets for the copy to one peer
 * @param members of the network on the switch
 * @param rateLimited number of these members with an ingress rate limit
 * @param carried number of these members that are sub-ports of trunks
 */
export const mostPeers = (octets: number, members: number, rateLimited = 0, carried = 0): number =>
  Math.floor((MAX_ACTIONS_OCTETS - copies({ members, rateLimited, carried })) / (octets + TAG_OCTETS))

const copies = ({ members, rateLimited, carried }: Omit<Fullness, 'at'>): number =>
  members * MEMBER_OCTETS + rateLimited * METER_OCTETS + carried * TRUNK_TAG_OCTETS

/**
 * Says in words why broadcast does not reach every member of a network; undefined if it does.
 * @param octets for the copy to one peer; null if the fabric makes the copies
 */
export function floodLimit(graph: GraphReader, network: NetworkId, octets: number | null): string | undefined {
  const { most, longest, hypervisors } = fullest(graph, network)
  if (most.members > MAX_MEMBERS) {
    return `it has ${most.members} members on hypervisor ${most.at}: broadcast reaches no one there if they are more than ${MAX_MEMBERS}, so spread the VMs over more hypervisors`
  }
  const { at, members, rateLimited, carried } = longest
  if (copies(longest) > MAX_ACTIONS_OCTETS) {
    return `it has ${members} members on hypervisor ${at}, ${rateLimited} of them with a limit of ingress_kbps${carried > 0 ? ` and ${carried} in trunks` : ''}: broadcast does not reach all of them, so limit fewer or spread the VMs over more hypervisors`
  }
  if (octets === null || hypervisors === 0) return undefined
  const peers = mostPeers(octets, members, rateLimited, carried)
  if (hypervisors - 1 <= peers) return undefined
  const here = `and up to ${members} of them on one (${at})`
  return `it has members on ${hypervisors} hypervisors, ${here}: broadcast reaches ${peers + 1} hypervisors at most, so spread the VMs over fewer`
}

interface Fullness {
  readonly at: HypervisorId | undefined
  readonly members: number
  readonly rateLimited: number
  readonly carried: number
}
const NOBODY: Fullness = { at: undefined, members: 0, rateLimited: 0, carried: 0 }

/** The hypervisor with the most members, the one whose copies take the most octets, and the number of hypervisors. */
function fullest(graph: GraphReader, network: NetworkId) {
  const [limited, tagged] = [graph.rateLimited(network), graph.carried(network)]
  let [most, longest] = [NOBODY, NOBODY]
  let hypervisors = 0
  for (const [at, ports] of graph.members(network).entries()) {
    const one = { at, members: ports.size, rateLimited: limited.get(at).size, carried: tagged.get(at).size }
    hypervisors += 1
    if (one.members > most.members) most = one
    if (copies(one) > copies(longest)) longest = one
  }
  return { most, longest, hypervisors }
}
