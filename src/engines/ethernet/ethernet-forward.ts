/** Forward rules that every Ethernet engine needs. */

import { called, type Domain, type Forward, type Member, named } from '../../../flows/engines/engine-rules.ts'
import type { Hypervisor } from '../../../topology/model.ts'
import { GROUP_BIT } from './ethernet-guard.ts'
import { macOf } from './mac.ts'
import { RESERVED } from './reserved-addresses.ts'

/**
 * The rules of the domain: group addresses go to all members, unknown addresses to the members that ask for them. A network
 * forwards nothing to reserved addresses. A port in no network is a line with two ends, so it carries them like a cable.
 */
export const ethernetDomain = (domain: Domain): readonly Forward[] => [
  ...('segment' in domain ? RESERVED : []).map(
    ({ field, what }): Forward => ({
      priority: 150,
      match: [field],
      target: { to: 'nobody' },
      why: `${called(domain)}: no bridge forwards frames to ${what}`,
    }),
  ),
  {
    priority: 50,
    match: [{ field: 'eth_dst', value: GROUP_BIT, mask: GROUP_BIT }],
    target: { to: 'everybody' },
    why: `${called(domain)}: broadcast and multicast go to every member`,
  },
  {
    priority: 10,
    match: [],
    target: { to: 'unknown' },
    why: `${called(domain)}: an address that no VNIC has may be beyond the fabric, or behind a port that asks for such frames`,
  },
]

export const toMember = (domain: Domain, member: Member): readonly Forward[] => [
  {
    priority: 100,
    match: [{ field: 'eth_dst', value: macOf(member.vnic) }],
    target: { to: 'member', member },
    why: `VNIC ${member.vnic.id} in port ${named(member.port)}: ${called(domain)} finds its address here`,
  },
]

/** The rules for a member on another hypervisor of a physical network. Its address is known, so frames to it are not flooded. */
export const toUplink = (domain: Domain, member: Member): readonly Forward[] => [
  {
    priority: 100,
    match: [{ field: 'eth_dst', value: macOf(member.vnic) }],
    target: { to: 'uplink' },
    why: `VNIC ${member.vnic.id} in port ${named(member.port)}: ${called(domain)} finds its address on another hypervisor, so nobody here is asked`,
  },
]

export const toPeer = (domain: Domain, member: Member, peer: Hypervisor): readonly Forward[] => [
  {
    priority: 100,
    match: [{ field: 'eth_dst', value: macOf(member.vnic) }],
    target: { to: 'peer', peer },
    why: `VNIC ${member.vnic.id} in port ${named(member.port)}: ${called(domain)} finds its address on hypervisor ${peer.id}`,
  },
]
