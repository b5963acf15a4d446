/** Where floating addresses live, as the operator says it, and which of that a network may have. */
import { isWithin, overlap, type Prefix, printPrefix } from '../../../flows/engines/prefix.ts'
import { isTaken } from '../../../topology/graph.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import { PlugboardError } from '../../core/errors.ts'
import { checkUntaken } from '../../core/resources/segments.ts'
import type { FloatingPool, PhysicalNetworks } from '../ethernet/physical-networks.ts'
import { isUnicast, parsePrefix } from './prefixes.ts'

/** A pool with the name of its physical network. */
export interface Place extends FloatingPool {
  readonly physicalNetwork: string
}

const FIELD = 'address_prefix'

/**
 * The place of a new network's addresses.
 * @param name of the physical network that is meant, if there is one
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

/** The segment that a network of engine vlan or flat would have there. */
const segmentUnder = ({ physicalNetwork, vlan }: Place): string =>
  vlan === null ? `flat/${physicalNetwork}` : `vlan/${physicalNetwork}/${vlan}`

/** Of all physical networks: a floating address is that of one port, wherever it lives. */
function checkOverlap(graph: GraphReader, prefix: Prefix): void {
  for (const segment of graph.segments.values()) {
    if (!segment.id.startsWith('routed/') || !isTaken(segment)) continue
    // Behind the name of its physical network. One of a single address, which has no length, is in that of a network.
    const other = parsePrefix(segment.id.split('/').slice(-2).join('/'))
    if (!other || !overlap(prefix, other)) continue
    const whose = segment.owner === null ? 'whose last rules are not gone yet' : 'which another network has'
    const detail = `${FIELD} ${printPrefix(prefix)} overlaps ${printPrefix(other)}, ${whose}: choose another one`
    throw new PlugboardError('prefix-overlap', detail, { field: FIELD })
  }
}

/** A longer prefix has no room for two hosts. */
const MAX_LENGTH = 30

/** @throws PlugboardError `bad-request` */
export function readPrefix(text: unknown): Prefix {
  const prefix = parsePrefix(text)
  if (prefix && prefix.length <= MAX_LENGTH && isUnicast(prefix)) return prefix
  const right = `it must be like 203.0.113.0/24, with no bits set behind its length, of ${MAX_LENGTH} at most`
  throw new PlugboardError('bad-request', `${FIELD} "${text}" is no prefix for hosts: ${right}`, { field: FIELD })
}

/**
 * The private side, apart from where floating addresses live.
 * @throws PlugboardError `bad-request`
 */
export function readPrivate(text: string, place: Place): Prefix {
  const prefix = parsePrefix(text)
  const wrong = (words: string): never => {
    throw new PlugboardError('bad-request', `private_prefix "${text}" ${words}`, { field: 'private_prefix' })
  }
  if (!prefix || !isUnicast(prefix)) return wrong('is no prefix for hosts: it must be like 100.64.0.0/16')
  if (prefix.length > MAX_LENGTH)
    wrong(`is too small for a gateway and a VM: it must have a length of ${MAX_LENGTH} at most`)
  if (overlap(prefix, place.prefix)) wrong(`overlaps ${printPrefix(place.prefix)}, where floating addresses live`)
  return prefix
}
