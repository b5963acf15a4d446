/** Engine `nat-ipv4`: each port has a floating address. The hypervisor of the VM translates it to the VM's private address. */

import { Type } from 'typebox'
import type { Member } from '../../../flows/engines/engine-rules.ts'
import { dotted, prefixOf, printPrefix, sizeOf } from '../../../flows/engines/prefix.ts'
import { GATEWAY_MAC } from '../../../flows/stages/nat/macs.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Network, Port } from '../../../topology/model.ts'
import type { Engine, PortPlan } from '../../core/engine/engine.ts'
import { ETHERNET } from '../../core/engine/offers.ts'
import { PlugboardError } from '../../core/errors.ts'
import { schemaOf } from '../../core/resources/field.ts'
import { ipv4 } from '../../openflow/index.ts'
import type { BuiltInEngine } from '../built-in.ts'
import { type Lease4, serve4 } from '../dhcp/server4.ts'
import { checkMac } from '../ethernet/ethernet-vnic.ts'
import { hostAddress } from '../ethernet/ip-values.ts'
import { macOf } from '../ethernet/mac.ts'
import { PhysicalNetwork, type PhysicalNetworks } from '../ethernet/physical-networks.ts'
import { judgeVlanLimit, uplinkMtu, uplinkPorts } from '../ethernet/uplink.ts'
import { Addresses } from './floating-addresses.ts'
import { placeOf, readPrefix, readPrivate } from './floating-pools.ts'
import { DEFAULT_PRIVATE, natNetworkFields, natPortFields } from './nat-fields.ts'
import { FLOATING, natIpv4Rules, PRIVATE, translation } from './nat-ipv4-rules.ts'

export function natIpv4(physicalNetworks: PhysicalNetworks): Engine {
  /** The allocators of networks. They only remember where to continue the search; the graph says which addresses are taken. */
  const pools = new WeakMap<Network, Addresses>()
  const addressesOf = (network: Network): Addresses => {
    const there = pools.get(network) ?? new Addresses(floatingOf(network))
    pools.set(network, there)
    return there
  }
  return {
    alias: 'nat-ipv4',
    name: 'NATed IPv4 network',
    description:
      'Each port has a floating IPv4 address on a physical network, translated to its private one on its own hypervisor.',
    kinds: [ETHERNET],
    rules: natIpv4Rules,
    networks: {
      mesh: false,
      // All networks on the same physical network share the rules that find the router.
      hypervisorRules: true,
      // The network carries IPv4 only, so it cannot be bridged.
      bridged: false,
      segment: Type.Object(
        { physical_network: Type.Optional(PhysicalNetwork) },
        { additionalProperties: false, title: 'NATed IPv4' },
      ),
      fields: schemaOf(natNetworkFields),
      rows: natNetworkFields,
      plan(graph, asked, fields) {
        const prefix = readPrefix(fields.address_prefix)
        const place = placeOf(graph, physicalNetworks, prefix, asked?.physical_network as string | undefined)
        const inside = readPrivate(String(fields.private_prefix ?? DEFAULT_PRIVATE), place)
        const dns = ((fields.dns ?? []) as readonly unknown[]).map((each) => hostAddress(String(each), 4, 'dns'))
        const { physicalNetwork, vlan, gateway } = place
        return {
          segment: {
            physical_network: physicalNetwork,
            ...(vlan !== null && { vlan_id: vlan }),
            prefix: printPrefix(place.prefix),
            ...(gateway !== null && { gateway_ip: dotted(gateway) }),
          },
          segmentId: `routed/${physicalNetwork}/${printPrefix(prefix)}`,
          attributes: { address_prefix: printPrefix(prefix), private_prefix: printPrefix(inside), dns },
        }
      },
      mtu: uplinkMtu,
      limits: (_graph, network) => whatHasChanged(physicalNetworks, network),
      portFields: natPortFields,
      planPort: (graph, network, port) => planPort(graph, addressesOf(network), network, port),
    },
    checkPlug: checkMac,
    answer: (graph, member, frame) => {
      const network = member.port.networkId && graph.networks.get(member.port.networkId)
      const { frame: answer, note } = network ? serve4(frame, leaseOf(network, member)) : {}
      return { frames: answer ? [answer] : [], ...(note !== undefined && { note }) }
    },
    judgeHost: judgeVlanLimit,
    fabricPorts: uplinkPorts(physicalNetworks),
  }
}

/** Says in words if the configuration has changed since the network was created: the network keeps the former values. */
function whatHasChanged(known: PhysicalNetworks, { segment, attributes }: Network): string | undefined {
  const { physical_network: name, vlan_id: vlan = null, prefix, gateway_ip: router = null } = segment
  const pool = known[String(name)]?.floating?.find((each) => printPrefix(each.prefix) === prefix)
  const gateway = pool?.gateway ?? null
  if (pool?.vlan === vlan && (gateway === null ? null : dotted(gateway)) === router) return undefined
  return `it has ${attributes.address_prefix} of ${prefix} on ${name}, VLAN ${vlan ?? 'none'}, router ${router ?? 'none'}: the configuration does not have that any more, so put it back or make another network`
}

/** The lease time of DHCP. The address of a port never changes. */
const LEASE_S = 3600

function leaseOf(network: Network, member: Member): Lease4 {
  const { inside } = sidesOf(network)
  const gateway = inside.first + 1
  const { dns } = network.attributes
  return {
    mac: macOf(member.vnic),
    address: translation(member).inside,
    prefixLength: inside.length,
    gateway,
    dns: Array.isArray(dns) ? dns.map((each) => ipv4(String(each))) : [],
    routes: [],
    mtu: uplinkMtu(),
    seconds: LEASE_S,
    server: { address: gateway, mac: GATEWAY_MAC },
  }
}

/** Chooses a floating address for a new port, and the private address that belongs to it. */
function planPort(graph: GraphReader, addresses: Addresses, network: Network, { attributes }: Port): PortPlan {
  const chosen = attributes[FLOATING]
  const floating = typeof chosen === 'string' ? addresses.claim(graph, ipv4(chosen)) : addresses.allocate(graph)
  return {
    attributes: { [FLOATING]: dotted(floating), [PRIVATE]: dotted(privateFor(graph, network, floating)) },
    hypervisor: null,
    segment: { id: addresses.segmentOf(floating), partOf: null },
  }
}

/**
 * The nth floating address has the nth private address. If the private prefix is smaller, counting starts again at its beginning,
 * and the next free address is taken.
 * @throws PlugboardError `addresses-exhausted`
 */
function privateFor(graph: GraphReader, network: Network, floating: number): number {
  const { prefix, inside } = sidesOf(network)
  // The network address, the gateway (the first host) and the broadcast address cannot be used.
  const usable = sizeOf(inside) - 3
  const nth = floating - prefix.first - 1
  if (sizeOf(prefix) - 2 <= usable) return inside.first + 2 + nth
  const taken = new Set<unknown>()
  for (const id of graph.portsOfNetwork.get(network.id)) taken.add(graph.ports.get(id)?.attributes[PRIVATE])
  for (let step = 0; step < usable; step++) {
    const address = inside.first + 2 + ((nth + step) % usable)
    if (!taken.has(dotted(address))) return address
  }
  throw new PlugboardError(
    'addresses-exhausted',
    `no private address of ${printPrefix(inside)} is free: destroy a port of the network, or make another one with a larger private_prefix`,
  )
}

const sidesOf = ({ attributes }: Network) => ({
  prefix: prefixOf(String(attributes.address_prefix)),
  inside: prefixOf(String(attributes.private_prefix)),
})

const floatingOf = (network: Network) => ({
  physicalNetwork: String(network.segment.physical_network),
  onLink: prefixOf(String(network.segment.prefix)),
  router: typeof network.segment.gateway_ip === 'string' ? ipv4(network.segment.gateway_ip) : null,
  prefix: sidesOf(network).prefix,
})

export const natIpv4Engine: BuiltInEngine = {
  alias: 'nat-ipv4',
  slot: 5,
  make: ({ physicalNetworks }) => natIpv4(physicalNetworks),
}
