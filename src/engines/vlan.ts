/** Engine `vlan`, the default: each network is a VLAN of a physical network. */
import { Type } from 'typebox'
import { vlanRules } from '../../flows/vlan.ts'
import { PlugboardError } from '../errors.ts'
import type { Engine, NetworkPlan } from './engine.ts'
import { checkMac, ETHERNET } from './ethernet-vnic.ts'
import { Pool, type Range } from './segments.ts'

/** Largest payload on an untagged physical network; the tag comes on top of it. */
const MTU = 1500

/** @param physicalNetworks the VLAN ids of each that Plugboard may choose from */
export function vlan(physicalNetworks: Readonly<Record<string, { readonly vlans: readonly Range[] }>>): Engine {
  const pools = new Map(
    Object.entries(physicalNetworks).map(([name, { vlans }]) => [name, new Pool(`vlan/${name}`, vlans)]),
  )
  const plan = (pool: Pool, physical: string, vlanId: number): NetworkPlan => ({
    segment: { physical_network: physical, vlan_id: vlanId },
    segmentId: pool.idOf(vlanId),
    mtu: MTU,
  })
  return {
    alias: 'vlan',
    extensions: ['ethernet-vnic', 'logical-network'],
    kinds: [ETHERNET],
    rules: vlanRules,
    mesh: false,
    segment: Type.Object(
      {
        physical_network: Type.Optional(Type.String()),
        vlan_id: Type.Optional(Type.Integer({ minimum: 1, maximum: 4094 })),
      },
      { additionalProperties: false, title: 'VLAN' },
    ),
    plan(graph, asked) {
      const chosen = asked?.physical_network as string | undefined
      const vlanId = asked?.vlan_id as number | undefined
      const candidates = chosen === undefined ? [...pools] : [...pools].filter(([name]) => name === chosen)
      const [first] = candidates
      if (!first) {
        const known = [...pools.keys()].join(', ') || 'none'
        const detail =
          chosen === undefined
            ? 'no physical network is configured'
            : `physical network "${chosen}" is not configured: ${known} is`
        throw new PlugboardError('bad-request', detail, { field: 'segment.physical_network' })
      }
      if (vlanId !== undefined) {
        const [name, pool] = first
        pool.claim(graph, vlanId, `VLAN ${vlanId} of ${name}`)
        return plan(pool, name, vlanId)
      }
      for (const [name, pool] of candidates) {
        const free = pool.allocate(graph)
        if (free !== undefined) return plan(pool, name, free)
      }
      throw new PlugboardError(
        'segments-exhausted',
        `no VLAN id of ${candidates.map(([, pool]) => pool.words).join(' or ')} is free: destroy a network, or configure more`,
      )
    },
    checkPlug: checkMac,
    judgeHost(config) {
      const limit = config.get('vlan-limit')
      if (limit === undefined || limit === '1') return []
      const message = `other_config:vlan-limit is ${limit}: with anything but 1 a double-tagged frame loses its inner tag, so remove the key`
      return [{ code: 'vlan-limit', message }]
    },
    fabricPorts: ({ bridgeMappings }) =>
      Object.entries(bridgeMappings)
        .filter(([physical]) => pools.has(physical))
        .map(([physical, bridge]) => ({ role: `uplink:${physical}`, kind: 'patch', bridge })),
  }
}
