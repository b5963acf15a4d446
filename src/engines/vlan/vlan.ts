/** Engine `vlan`, the default: each network is a VLAN of a physical network. */

import { Type } from 'typebox'
import type { Engine } from '../../core/engine/engine.ts'
import { ETHERNET } from '../../core/engine/offers.ts'
import { PlugboardError } from '../../core/errors.ts'
import { Pool } from '../../core/resources/segments.ts'
import type { BuiltInEngine } from '../built-in.ts'
import { ethernetNetworks } from '../ethernet/ethernet-networks.ts'
import { checkMac } from '../ethernet/ethernet-vnic.ts'
import { PhysicalNetwork, type PhysicalNetworks, refuseFloating } from '../ethernet/physical-networks.ts'
import { candidates, judgeVlanLimit, uplinkLimits, uplinkMtu, uplinkPorts } from '../ethernet/uplink.ts'
import { vlanRules } from './vlan-rules.ts'

/** @param physicalNetworks each with the VLAN ids that Plugboard may use */
export function vlan(physicalNetworks: PhysicalNetworks): Engine {
  const pools = new Map(
    Object.entries(physicalNetworks).map(([name, { vlans }]) => [name, new Pool(`vlan/${name}`, vlans)]),
  )
  return {
    alias: 'vlan',
    name: 'VLAN',
    description: 'Each network is a VLAN of a physical network, where other hosts may live too.',
    kinds: [ETHERNET],
    rules: vlanRules,
    ...ethernetNetworks({
      mesh: false,
      segment: Type.Object(
        {
          physical_network: Type.Optional(PhysicalNetwork),
          vlan_id: Type.Optional(Type.Integer({ minimum: 1, maximum: 4094, description: 'of the VLAN there' })),
        },
        { additionalProperties: false, title: 'VLAN' },
      ),
      plan(graph, asked) {
        const vlanId = asked?.vlan_id as number | undefined
        const meant = candidates(pools, asked?.physical_network as string | undefined)
        for (const [name, pool] of meant) {
          if (vlanId !== undefined) refuseFloating(physicalNetworks, name, vlanId, `VLAN ${vlanId} of ${name}`)
          if (vlanId !== undefined) pool.claim(graph, vlanId, `VLAN ${vlanId} of ${name}`)
          const chosen = vlanId ?? pool.allocate(graph)
          if (chosen === undefined) continue
          return { segment: { physical_network: name, vlan_id: chosen }, segmentId: pool.idOf(chosen) }
        }
        throw new PlugboardError(
          'segments-exhausted',
          `no VLAN id of ${meant.map(([, pool]) => pool.words).join(' or ')} is free: destroy a network, or configure more`,
        )
      },
      mtu: uplinkMtu,
      limits: uplinkLimits,
    }),
    checkPlug: checkMac,
    judgeHost: judgeVlanLimit,
    fabricPorts: uplinkPorts(physicalNetworks),
  }
}

export const vlanEngine: BuiltInEngine = {
  alias: 'vlan',
  slot: 0,
  make: ({ physicalNetworks }) => vlan(physicalNetworks),
}
