/** Engine `vxlan`: each network is a VNI, carried in UDP between the hypervisors that have members. */
import { Type } from 'typebox'
import { VXLAN_ROLE, vxlanRules } from '../../flows/vxlan.ts'
import { PlugboardError } from '../errors.ts'
import type { Engine } from './engine.ts'
import { checkMac, ETHERNET } from './ethernet-vnic.ts'
import { Pool, type Range } from './segments.ts'

/** An underlay of 1500 less outer IPv4 (20), UDP (8), VXLAN (8) and the inner Ethernet header (14): RFC 7348. */
const MTU = 1450

/** @param vnis the VNIs that Plugboard may choose from */
export function vxlan(vnis: readonly Range[]): Engine {
  const pool = new Pool('vxlan', vnis)
  return {
    alias: 'vxlan',
    extensions: ['ethernet-vnic', 'logical-network'],
    kinds: [ETHERNET],
    rules: vxlanRules,
    mesh: true,
    segment: Type.Object(
      { vni: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffffff })) },
      { additionalProperties: false, title: 'VXLAN' },
    ),
    plan(graph, asked) {
      const vni = asked?.vni as number | undefined
      if (vni !== undefined) pool.claim(graph, vni, `VNI ${vni}`)
      const chosen = vni ?? pool.allocate(graph)
      if (chosen === undefined) {
        throw new PlugboardError(
          'segments-exhausted',
          `no VNI of ${pool.words} is free: destroy a network, or configure more`,
        )
      }
      return { segment: { vni: chosen }, segmentId: pool.idOf(chosen), mtu: MTU }
    },
    checkPlug: checkMac,
    judgeHost: () => [],
    fabricPorts: ({ encapIp }) =>
      encapIp
        ? [
            {
              role: VXLAN_ROLE,
              kind: 'tunnel',
              type: 'vxlan',
              options: { remote_ip: 'flow', key: 'flow', local_ip: encapIp },
            },
          ]
        : [],
  }
}
