/** Allocates IPv4 addresses to ports of a network that hands them out. */

import type { Span } from '../../../topology/addresses.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Network, Port } from '../../../topology/model.ts'
import type { PoolAddress, PortPlan } from '../../core/engine/engine.ts'
import { PlugboardError } from '../../core/errors.ts'
import { PLAIN } from '../../core/resources/make-port.ts'
import { ipv4, printIpv4 } from '../../openflow/index.ts'
import { dhcpServerOf, type Ipv4Network, ipv4Of } from './network-addressing.ts'
import { ADDRESSES, addressesOf } from './port-addressing.ts'

const POOL = 'ipv4'

/** The IPv4 addresses of a port that the network hands out. */
export function pooledAddresses(network: Network, port: Port): PoolAddress[] {
  if (!ipv4Of(network)) return []
  return addressesOf(port)
    .filter((each) => !each.includes(':'))
    .map((each) => ({ pool: POOL, value: ipv4(each), text: each, field: ADDRESSES }))
}

/** Chooses an address for a new port whose request has none. @throws PlugboardError `addresses-exhausted` */
export function planAddress(graph: GraphReader, network: Network, port: Port): PortPlan {
  const handsOut = ipv4Of(network)
  if (!handsOut || port.attributes[ADDRESSES] !== null) return PLAIN
  const kept = keptOf(handsOut)
  const chosen = graph.addresses.pool(network.id, POOL).choose(spansOf(handsOut), (value) => kept.has(value))
  if (chosen !== undefined) return { ...PLAIN, attributes: { [ADDRESSES]: [printIpv4(chosen)] } }
  const spans = handsOut.pool.map(({ start, end }) => (start === end ? start : `${start} to ${end}`)).join(', ')
  throw new PlugboardError(
    'addresses-exhausted',
    `no address of ${spans} is free in network ${network.id}: destroy a port, or choose one of ${handsOut.prefix} in ${ADDRESSES}`,
    { field: ADDRESSES },
  )
}

const spansOf = ({ pool }: Ipv4Network): Span[] =>
  pool.map(({ start, end }) => ({ first: ipv4(start), last: ipv4(end) })).sort((a, b) => a.first - b.first)

/** Addresses that are not chosen for new ports: those of the gateway or the DHCP server, of next hops and of DNS servers. */
const keptOf = (network: Ipv4Network): Set<number> =>
  new Set([dhcpServerOf(network), ...[...network.routes.map(({ next_hop }) => next_hop), ...network.dns].map(ipv4)])
