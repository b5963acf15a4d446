/** Forward rules that every Ethernet engine needs. */
import type { Placement } from '../../topology/graph.ts'
import type { Hypervisor, Network } from '../../topology/nodes.ts'
import { type Forward, named } from '../engine.ts'
import { GROUP_BIT, macOf } from './guard.ts'

/** Broadcast, unknown multicast: a copy to each member here, and to the fabric. */
export const flood = (network: Network): Forward => ({
  priority: 50,
  match: [{ field: 'eth_dst', value: GROUP_BIT, mask: GROUP_BIT }],
  target: { to: 'flood', fabric: true },
  why: `network ${named(network)}: broadcast and multicast go to every member`,
})

export const unknownToUplink = (network: Network): Forward => ({
  priority: 10,
  match: [],
  target: { to: 'uplink' },
  why: `network ${named(network)}: an address that no VNIC here has may be a host on the physical network`,
})

export const toMember = (network: Network, member: Placement): Forward => ({
  priority: 100,
  match: [{ field: 'eth_dst', value: macOf(member.vnic) }],
  target: { to: 'member', member },
  why: `VNIC ${member.vnic.id} in port ${named(member.port)}: network ${named(network)} finds its address here`,
})

export const toPeer = (network: Network, member: Placement, peer: Hypervisor): Forward => ({
  priority: 100,
  match: [{ field: 'eth_dst', value: macOf(member.vnic) }],
  target: { to: 'peer', peer },
  why: `VNIC ${member.vnic.id} in port ${named(member.port)}: network ${named(network)} finds its address on hypervisor ${peer.id}`,
})
