/** Engine `flat`: one network per physical network, with untagged frames. VLANs may use the same physical network. */

import { Type } from 'typebox'
import type { Engine } from '../../core/engine/engine.ts'
import { ETHERNET } from '../../core/engine/offers.ts'
import { PlugboardError } from '../../core/errors.ts'
import { checkFree, isFree } from '../../core/resources/segments.ts'
import type { BuiltInEngine } from '../built-in.ts'
import { ethernetNetworks } from '../ethernet/ethernet-networks.ts'
import { checkMac } from '../ethernet/ethernet-vnic.ts'
import {
  carriesFloating,
  PhysicalNetwork,
  type PhysicalNetworks,
  refuseFloating,
} from '../ethernet/physical-networks.ts'
import { candidates, judgeVlanLimit, uplinkLimits, uplinkMtu, uplinkPorts } from '../ethernet/uplink.ts'
import { flatRules } from './flat-rules.ts'

export function flat(physicalNetworks: PhysicalNetworks): Engine {
  const idOf = (physical: string): string => `flat/${physical}`
  return {
    alias: 'flat',
    name: 'Flat',
    description: 'One network per physical network: its frames without a tag.',
    kinds: [ETHERNET],
    rules: flatRules,
    ...ethernetNetworks({
      mesh: false,
      segment: Type.Object(
        { physical_network: Type.Optional(PhysicalNetwork) },
        { additionalProperties: false, title: 'Flat' },
      ),
      plan(graph, asked) {
        const name = asked?.physical_network as string | undefined
        const meant = candidates(new Map(Object.entries(physicalNetworks)), name)
        if (name !== undefined) refuseFloating(physicalNetworks, name, null, `the untagged side of ${name}`)
        if (name !== undefined) checkFree(graph, idOf(name), `the untagged side of ${name}`)
        const [free] =
          meant.find(
            ([physical]) => isFree(graph, idOf(physical)) && !carriesFloating(physicalNetworks, physical, null),
          ) ?? []
        if (free !== undefined) return { segment: { physical_network: free }, segmentId: idOf(free) }
        throw new PlugboardError(
          'segments-exhausted',
          `${meant.map(([physical]) => physical).join(', ')}: each physical network has one flat network, and they are taken`,
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

export const flatEngine: BuiltInEngine = {
  alias: 'flat',
  slot: 3,
  make: ({ physicalNetworks }) => flat(physicalNetworks),
}
