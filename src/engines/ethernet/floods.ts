/**
 * How many copies of one frame Open vSwitch makes: it gives up a translation after 4,096 table look-ups, and then delivers no
 * copy at all; and it leaves out what goes beyond 64 KiB of datapath actions, without a word to the controller. Both as
 * measured on OVS 3.1.0 in user space, see docs/limits.md and test/engines/limits-ovs.test.ts.
 */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId, NetworkId } from '../../../topology/ids.ts'

/** Members of a network on one switch: a look-up each, of 4,090 that were seen to work. */
export const MAX_MEMBERS = 4000
/** Octets of datapath actions for all copies of one frame, of 65,536: the rest is for a remote site's. */
const OCTETS = 65_000
/** Octets for the copy to one member here. */
const MEMBER = 8
/** Octets more where that member has a limit of what it receives: a clone of 4 and a meter of 8. */
const METER = 12
/** Octets more where that member is in a trunk: a tag to put on, and to take off again. */
const TRUNK_TAG = 12
/** Octets more for a copy to a peer where the underlay has a VLAN tag (8 of them), and to spare. */
const TAG = 16

/** Octets of datapath actions for the copy to one peer over an underlay without tags, as measured. */
export interface CopySize {
  readonly ipv4: number
  readonly ipv6: number
}

/**
 * How many peers one flood reaches from a switch with so many members.
 * @param slowed those of them with a limit of what they receive
 * @param carried those of them in trunks
 */
export const mostPeers = (octets: number, members: number, rateLimited = 0, carried = 0): number =>
  Math.floor((OCTETS - copies({ members, rateLimited, carried })) / (octets + TAG))

const copies = ({ members, rateLimited, carried }: Omit<Fullness, 'at'>): number =>
  members * MEMBER + rateLimited * METER + carried * TRUNK_TAG

/**
 * Why broadcast does not reach every member of a network, in words, or undefined where it does.
 * @param octets for the copy to one peer; null where the fabric makes the copies
 */
export function floodLimit(graph: GraphReader, network: NetworkId, octets: number | null): string | undefined {
  const { most, longest, hypervisors } = fullest(graph, network)
  if (most.members > MAX_MEMBERS) {
    return `it has ${most.members} members on hypervisor ${most.at}: broadcast reaches no one there if they are more than ${MAX_MEMBERS}, so spread the VMs over more hypervisors`
  }
  const { at, members, rateLimited, carried } = longest
  if (copies(longest) > OCTETS) {
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

/** The hypervisor with the most members, the one whose copies take the most octets, and on how many there are some. */
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
