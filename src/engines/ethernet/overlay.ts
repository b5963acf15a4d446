/** What the tunnel engines share: each network has a VNI, and each hypervisor has one tunnel port for all networks. */
import { Type } from 'typebox'
import type { EngineRules } from '../../../flows/engines/engine-rules.ts'
import type { Engine, FabricPort } from '../../core/engine/engine.ts'
import { ETHERNET } from '../../core/engine/offers.ts'
import { PlugboardError } from '../../core/errors.ts'
import { Pool, type Range } from '../../core/resources/segments.ts'
import { ethernetNetworks } from './ethernet-networks.ts'
import { checkMac } from './ethernet-vnic.ts'
import { type CopySize, floodLimit } from './floods.ts'

export interface OverlaySettings {
  /** The largest IP packet on the underlay, in octets. */
  readonly underlayMtu: number
  /** The VNIs that Plugboard may choose from. */
  readonly vnis: readonly Range[]
}

interface Encapsulation {
  readonly alias: string
  readonly name: string
  readonly rules: EngineRules
  /** Octets of the headers of UDP, of the tunnel and of the inner Ethernet frame. */
  readonly headers: number
  /** The octets of datapath actions for a flood's copy to one peer. They limit the number of peers. */
  readonly copy: CopySize
}

const IPV4_HEADER_OCTETS = 20
const IPV6_HEADER_OCTETS = 40

export function overlay(encapsulation: Encapsulation, { underlayMtu, vnis }: OverlaySettings): Engine {
  const { alias, name, rules, headers, copy } = encapsulation
  const pool = new Pool(alias, vnis)
  return {
    alias,
    name,
    description: `Each network is a VNI, carried in ${name} between the hypervisors that have members.`,
    kinds: [ETHERNET],
    rules,
    ...ethernetNetworks({
      mesh: true,
      segment: Type.Object(
        { vni: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffffff, description: 'of the tunnels' })) },
        { additionalProperties: false, title: name },
      ),
      plan(graph, asked) {
        const vni = asked?.vni as number | undefined
        if (vni !== undefined) pool.claim(graph, vni, `VNI ${vni} of ${alias}`)
        const chosen = vni ?? pool.allocate(graph)
        if (chosen === undefined) {
          throw new PlugboardError(
            'segments-exhausted',
            `no VNI of ${pool.words} is free: destroy a network, or configure more`,
          )
        }
        return { segment: { vni: chosen }, segmentId: pool.idOf(chosen) }
      },
      mtu: (graph) => underlayMtu - headers - (graph.hasIpv6Tunnels ? IPV6_HEADER_OCTETS : IPV4_HEADER_OCTETS),
      limits: (graph, { id }) => floodLimit(graph, id, graph.hasIpv6Tunnels ? copy.ipv6 : copy.ipv4),
    }),
    checkPlug: checkMac,
    judgeHost: () => [],
    fabricPorts: ({ encapIp }) => (encapIp ? [tunnelPort(alias, encapIp)] : []),
  }
}

/** The tunnel port of a type. A hypervisor has one for all networks. */
export const tunnelPort = (type: string, encapIp: string): FabricPort => ({
  role: `tunnel:${type}`,
  kind: 'tunnel',
  type,
  options: { remote_ip: 'flow', key: 'flow', local_ip: encapIp },
})
