/** Engine `nat-ipv4`: each port has a floating address on a physical network, and its VM a private one. */
import { arpRequest, gratuitousArp } from '../../../flows/engines/arp-frames.ts'
import { attribute } from '../../../flows/engines/attribute.ts'
import type {
  Announcement,
  Domain,
  EngineRules,
  Fabric,
  Fault,
  Guard,
  Member,
  Punt,
} from '../../../flows/engines/engine-rules.ts'
import { prefixOf } from '../../../flows/engines/prefix.ts'
import { GATEWAY_MAC, macOfFloating } from '../../../flows/stages/nat/macs.ts'
import type { Translation } from '../../../flows/stages/nat/routed-fabric.ts'
import type { Network, Port } from '../../../topology/model.ts'
import { ipv4 } from '../../openflow/index.ts'
import { ethernetGuard, ownFrames } from '../ethernet/ethernet-guard.ts'
import { macOf } from '../ethernet/mac.ts'
import { ADDRESSES } from '../ethernet/port-addressing.ts'
import { physicalUplink } from '../ethernet/uplink-rules.ts'

/** The attributes of a port. */
export const FLOATING = 'floating_address'
export const PRIVATE = 'private_address'

export const natIpv4Rules: EngineRules = {
  alias: 'nat-ipv4',
  fabric(network, here): Fabric | Fault {
    const { segment } = network as Network
    const vlanId = typeof segment.vlan_id === 'number' ? segment.vlan_id : null
    const uplink = physicalUplink(attribute(network, 'physical_network', 'string'), vlanId, here)
    if ('pending' in uplink) return uplink
    const inside = prefixOf(kept(network, 'private_prefix'))
    const { gateway_ip: router } = segment
    return {
      ...uplink,
      kind: 'routed',
      prefix: prefixOf(kept(network, 'address_prefix')),
      onLink: prefixOf(attribute(network, 'prefix', 'string')),
      nextHop: typeof router === 'string' ? ipv4(router) : null,
      inside,
      gateway: inside.first + 1,
    }
  },
  guard,
  ownFrames,
  servers: (network) => [{ family: 4, address: prefixOf(kept(network, 'private_prefix')).first + 1, mac: GATEWAY_MAC }],
  punts: () => [DHCP],
  translation,
  domain: () => [],
  member: () => [],
  remote: () => [],
  announcements,
}

/** Announces the floating address, and asks for the router's MAC address, so that the first packet need not wait for it. */
function announcements(network: Domain, member: Member): Announcement[] {
  const { floating } = translation(member)
  const { gateway_ip: router } = (network as Network).segment
  const mac = macOfFloating(floating)
  const target = { to: 'uplink' } as const
  return [
    { frame: gratuitousArp(mac, floating), target, why: 'who has its floating address' },
    ...(typeof router === 'string'
      ? [{ frame: arpRequest(mac, floating, ipv4(router)), target, why: 'where its router is' }]
      : []),
  ]
}

/** DHCP from a client to any server: the controller is the only server in such a network. */
const DHCP: Punt = {
  match: [
    { field: 'eth_type', value: 0x0800 },
    { field: 'ip_proto', value: 17 },
    { field: 'udp_src', value: 68 },
    { field: 'udp_dst', value: 67 },
  ],
  what: 'DHCP',
}

/** The VM may send only from its private address, and only over IPv4. */
function guard(member: Member, network: Domain): Guard[] {
  const { attributes } = member.port
  const known = { ...attributes, [ADDRESSES]: [attributes[PRIVATE] ?? null] }
  const isIpv6 = ({ match }: Guard) => match.some(({ field, value }) => field === 'eth_type' && value === 0x86dd)
  return ethernetGuard({ ...member, port: { ...member.port, attributes: known } }, network, [DHCP]).filter(
    (each) => !isIpv6(each),
  )
}

/** The private and the floating address of a member. */
export function translation({ port, vnic }: Member): Translation {
  return { floating: addressOf(port, FLOATING), inside: addressOf(port, PRIVATE), mac: macOf(vnic) }
}

const addressOf = (port: Port, name: string): number => ipv4(attribute(port, name, 'string'))

function kept(network: Domain, name: string): string {
  const value = network.attributes[name]
  if (typeof value === 'string') return value
  throw new TypeError(`${network.id} has no string "${name}"`)
}
