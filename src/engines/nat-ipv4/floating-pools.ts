/** Finds the pool of the configuration that contains a network's floating addresses. */
import { isWithin, overlap, type Prefix, printPrefix } from '../../../flows/engines/prefix.ts'
import { isTaken } from '../../../topology/graph.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import { PlugboardError } from '../../core/errors.ts'
import { quoted } from '../../core/quoted.ts'
import { checkUntaken } from '../../core/resources/segments.ts'
import type { FloatingPool, PhysicalNetworks } from '../ethernet/physical-networks.ts'
import { isUnicast, parsePrefix } from './prefixes.ts'

/** A pool with the name of its physical network. */
export interface Place extends FloatingPool {
  readonly physicalNetwork: string
}

const FIELD = 'address_prefix'

/**
 * The pool that contains the floating addresses of a new network.
 * @param name the physical network, if the request names one
 * @throws PlugboardError `bad-request`, `forbidden`, `prefix-overlap`, `segment-in-use`
 */
export function placeOf(graph: GraphReader, known: PhysicalNetworks, prefix: Prefix, name: string | undefined): Place {
  const all = Object.entries(known).flatMap(([physicalNetwork, { floating = [] }]) =>
    floating.map((pool): Place => ({ ...pool, physicalNetwork })),
  )
  const meant = all.find(
    (pool) =>
      (name === undefined || pool.physicalNetwork === name) &&
      pool.prefix.length <= prefix.length &&
      isWithin(prefix.first, pool.prefix),
  )
  if (!meant) {
    const those = all.map((pool) => `${printPrefix(pool.prefix)} of ${pool.physicalNetwork}`).join(', ')
    const right =
      those === ''
        ? 'this Plugboard has none until its configuration lists some as "floating" of a physical network'
        : `choose within ${those}`
    const detail = `${FIELD} ${printPrefix(prefix)} is not within the floating addresses that the operator has set aside: ${right}`
    throw new PlugboardError('forbidden', detail, { field: FIELD })
  }
  checkOverlap(graph, prefix)
  const { physicalNetwork, vlan } = meant
  checkUntaken(
    graph,
    segmentUnder(meant),
    `the segment of ${physicalNetwork} that carries its floating addresses`,
    null,
  )
  return { ...meant, physicalNetwork, vlan }
}

/** The segment that a network of engine vlan or flat would have in the same place. */
const segmentUnder = ({ physicalNetwork, vlan }: Place): string =>
  vlan === null ? `flat/${physicalNetwork}` : `vlan/${physicalNetwork}/${vlan}`

/** Refuses a prefix that overlaps one of another network. A floating address is unique among all physical networks. */
function checkOverlap(graph: GraphReader, prefix: Prefix): void {
  for (const segment of graph.segments.values()) {
    if (!segment.id.startsWith('routed/') || !isTaken(segment)) continue
    // The name ends with the prefix. Segments of single addresses have no length; their network's segment contains them.
    const other = parsePrefix(segment.id.split('/').slice(-2).join('/'))
    if (!other || !overlap(prefix, other)) continue
    const whose = segment.owner === null ? 'whose last rules are not gone yet' : 'which another network has'
    const detail = `${FIELD} ${printPrefix(prefix)} overlaps ${printPrefix(other)}, ${whose}: choose another one`
    throw new PlugboardError('prefix-overlap', detail, { field: FIELD })
  }
}

/** The longest prefix with room for two hosts. */
const MAX_PREFIX_LENGTH = 30

/** @throws PlugboardError `bad-request` */
export function readPrefix(text: unknown): Prefix {
  const prefix = parsePrefix(text)
  if (prefix && prefix.length <= MAX_PREFIX_LENGTH && isUnicast(prefix)) return prefix
  const right = `it must be like 203.0.113.0/24, with no bits set behind its length, of ${MAX_PREFIX_LENGTH} at most`
  throw new PlugboardError('bad-request', `${FIELD} ${quoted(text)} is no prefix for hosts: ${right}`, { field: FIELD })
}

/**
 * Reads the private prefix of a network. It must not overlap the floating addresses.
 * @throws PlugboardError `bad-request`
 */
export function readPrivate(text: string, place: Place): Prefix {
  const prefix = parsePrefix(text)
  const wrong = (words: string): never => {
    throw new PlugboardError('bad-request', `private_prefix ${quoted(text)} ${words}`, { field: 'private_prefix' })
  }
  if (!prefix || !isUnicast(prefix)) return wrong('is no prefix for hosts: it must be like 100.64.0.0/16')
  if (prefix.length > MAX_PREFIX_LENGTH)
    wrong(`is too small for a gateway and a VM: it must have a length of ${MAX_PREFIX_LENGTH} at most`)
  if (overlap(prefix, place.prefix)) wrong(`overlaps ${printPrefix(place.prefix)}, where floating addresses live`)
  return prefix
}
