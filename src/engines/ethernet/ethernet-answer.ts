/** Answers VNICs of Ethernet networks: DHCP with the address of the port, router solicitations, and DHCPv6. */

import type { Member } from '../../../flows/engines/engine-rules.ts'
import { prefixOf } from '../../../flows/engines/prefix.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Network } from '../../../topology/model.ts'
import type { Answer, Engine } from '../../core/engine/engine.ts'
import { ipv4, ipv6 } from '../../openflow/index.ts'
import { advertise6, type Settings6 } from '../dhcp/router6.ts'
import { type Lease4, serve4 } from '../dhcp/server4.ts'
import { serve6 } from '../dhcp/server6.ts'
import { bootOptions, optionsOf } from './dhcp-options.ts'
import { macOf } from './mac.ts'
import { CONTROLLER_IPV6, CONTROLLER_MAC, dhcpServerOf, IPV4, ipv4Of, ipv6Of, prefix6 } from './network-addressing.ts'
import { ipv4AddressOf } from './port-addressing.ts'

/** The lease time of DHCP. The port keeps its address anyway. */
export const LEASE_S = 86_400

/** @param mtu the MTU of the engine's networks, in octets */
export const ethernetAnswer =
  (mtu: (graph: GraphReader) => number): NonNullable<Engine['answer']> =>
  (graph, member, frame): Answer => {
    const network = member.port.networkId === null ? undefined : graph.networks.get(member.port.networkId)
    if (!network) return { frames: [] }
    const lease = leaseOf(network, member, mtu(graph))
    const { frame: reply, note } = lease ? serve4(frame, lease) : {}
    const settings = settingsOf(network, mtu(graph))
    const frames = [reply, settings && advertise6(frame, settings), settings?.stateless && serve6(frame, settings)]
    return { frames: frames.filter((each) => each instanceof Uint8Array), ...(note === undefined ? {} : { note }) }
  }

function leaseOf(network: Network, { port, vnic }: Member, mtu: number): Lease4 | undefined {
  const [given, address] = [ipv4Of(network), ipv4AddressOf(port)]
  if (!given || address === undefined) return undefined
  return {
    mac: macOf(vnic),
    address: ipv4(address),
    prefixLength: prefixOf(given.prefix).length,
    gateway: given.gateway_ip === null ? null : ipv4(given.gateway_ip),
    dns: given.dns.map(ipv4),
    routes: given.routes.map(({ destination, next_hop }) => {
      const { first, length } = prefixOf(destination)
      return { destination: first, prefixLength: length, nextHop: ipv4(next_hop) }
    }),
    mtu,
    seconds: LEASE_S,
    boot: bootOptions(optionsOf(given), optionsOf(port.attributes[IPV4])),
    server: { address: dhcpServerOf(given), mac: CONTROLLER_MAC },
  }
}

function settingsOf(network: Network, mtu: number): Settings6 | undefined {
  const given = ipv6Of(network)
  if (!given) return undefined
  return {
    prefix: ipv6(prefix6(given.prefix)),
    dns: given.dns.map(ipv6),
    mtu,
    stateless: given.mode === 'dhcpv6-stateless',
    server: { address: CONTROLLER_IPV6, mac: CONTROLLER_MAC },
  }
}
