/** What the engines on physical networks share. */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Network } from '../../../topology/model.ts'
import type { Engine, FabricPort } from '../../core/engine/engine.ts'
import { PlugboardError } from '../../core/errors.ts'
import { quoted } from '../../core/quoted.ts'
import { floodLimit } from './floods.ts'
import type { PhysicalNetworks } from './physical-networks.ts'

/** The largest payload on a physical network, in octets. A VLAN tag does not count. */
export const uplinkMtu = (): number => 1500

/** Limits of a flood. The fabric makes the copies for other hypervisors, so only one copy goes to the uplink. */
export const uplinkLimits = (graph: GraphReader, { id }: Network): string | undefined => floodLimit(graph, id, null)

/** The physical networks to choose from: the named one, or all. @throws PlugboardError `bad-request` */
export function candidates<T>(known: ReadonlyMap<string, T>, name: string | undefined): Array<readonly [string, T]> {
  const found = [...known].filter(([each]) => name === undefined || each === name)
  if (found.length > 0) return found
  const all = [...known.keys()].join(', ') || 'none'
  const detail =
    name === undefined
      ? 'no physical network is configured'
      : `physical network ${quoted(name)} is not configured: ${all} is`
  throw new PlugboardError('bad-request', detail, { field: 'segment.physical_network' })
}

/** The patch ports to the bridges in the host's bridge mappings. */
export const uplinkPorts =
  (known: PhysicalNetworks): Engine['fabricPorts'] =>
  ({ bridgeMappings }) =>
    Object.entries(bridgeMappings)
      .filter(([physical]) => Object.hasOwn(known, physical))
      .map(([physical, bridge]): FabricPort => ({ role: `uplink:${physical}`, kind: 'patch', bridge }))

export const judgeVlanLimit: Engine['judgeHost'] = (config) => {
  const limit = config.get('vlan-limit')
  if (limit === undefined || limit === '1') return []
  const message = `other_config:vlan-limit is ${limit}: with anything but 1 a double-tagged frame loses its inner tag, so remove the key`
  return [{ code: 'vlan-limit', message }]
}
