/**
 * Stage cache: for switches that may keep cached decisions after the rules have changed (`Hypervisor.keepsDecisions`). Such a switch
 * updates its cached flows, and may update the wrong one. But it deletes a cached flow if the rules now look at bits of packets
 * that they did not look at before. So it has a rule that looks at other bits whenever decisions about members may have changed.
 */
import { cacheRule } from '../../pipeline/cache-rule.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { CLASSIFY } from '../../pipeline/table.ts'
import { fingerprint } from './fingerprint.ts'

export const cache: Stage = {
  name: 'cache',
  does: 'makes Open vSwitch delete its cached decisions, where it may keep old ones',
  rulesIn: [CLASSIFY],
  occupied: ({ graph, here }) => {
    if (!here.keepsDecisions) return []
    const why = `hypervisor ${here.id}: its switch decides anew about all packets whenever what its members may do has changed`
    return [cacheRule(fingerprint(graph, here), { author: here.key, why })]
  },
}
