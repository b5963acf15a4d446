/**
 * Takes the last rules from a switch that may keep cached decisions. The rule by which it forgets them (`flows/pipeline/cache-rule.ts`)
 * is one of these, so a copy with other bits stays until the switch has gone through its cache.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { inverted, isCacheRule } from '../../flows/pipeline/cache-rule.ts'
import type { Flow, Session } from '../openflow/index.ts'
import { flowMods } from './flow-mods.ts'

/** Open vSwitch goes through its cache within some tens of milliseconds. The cache of a host without VNICs is small. */
const LINGER_MS = 300

/** If nothing but deletions is to be sent, the deleted rule by which the switch forgets cached decisions. */
export const lastCacheRule = (put: readonly Flow[], drop: readonly Flow[]): Flow | undefined =>
  put.length === 0 ? drop.find(isCacheRule) : undefined

/** Resolves when the switch has no rule left. @throws OpenFlowError */
export async function takeLastRules(session: Session, drop: readonly Flow[], last: Flow): Promise<void> {
  const copy = inverted(last)
  await session.bundle([...flowMods([], drop), { type: 'flow_mod', command: 'add', ...copy }])
  await sleep(LINGER_MS)
  await session.bundle(flowMods([], [copy]))
}
