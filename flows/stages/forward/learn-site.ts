/**
 * Table learned: which addresses of a network are at its remote site, as the switch itself finds out from what comes from
 * there. The rules are the switch's: it makes them, bounds them, and takes them away with the rule that taught it, or when
 * nothing has come from an address for a while. They have another owner than ours in their cookie, so no comparison touches them.
 */
import type { Action } from '../../../src/openflow/index.ts'
import type { Port } from '../../../topology/model.ts'
import { learnerCookie } from '../../pipeline/cookie.ts'
import { TARGET } from '../../pipeline/registers.ts'
import { LEARNED } from '../../pipeline/tables.ts'

/** The most addresses that are remembered of one site; those of more are looked for everywhere. */
export const LEARNED_MOST = 1024
/** Seconds without a frame from an address after which it is forgotten: what IEEE 802.1D recommends. Each frame learns anew. */
const SILENCE = 300

/** Remember that the source of this packet is at the site that the port leads to. */
export const learnSource = (port: Port): Action => ({
  type: 'learn',
  hardTimeout: SILENCE,
  priority: 100,
  cookie: learnerCookie(port.key),
  table: LEARNED.number,
  deleteLearned: true,
  limit: LEARNED_MOST,
  specs: [
    { to: 'match', bits: 64, from: { field: 'metadata', offset: 0 }, dst: { field: 'metadata', offset: 0 } },
    { to: 'match', bits: 48, from: { field: 'eth_src', offset: 0 }, dst: { field: 'eth_dst', offset: 0 } },
    { to: 'load', bits: 32, from: BigInt(port.key), dst: { field: TARGET.field, offset: 0 } },
  ],
})
