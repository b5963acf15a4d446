/**
 * Table learned: which addresses of a network are at its remote site. The switch learns them from the frames that come from
 * there: it makes the rules, bounds them, and deletes them with the rule that taught it, or when nothing has come from an address
 * for a while. Their cookies are not those of Plugboard's rules, so comparisons leave them alone.
 */
import type { Action } from '../../../src/openflow/index.ts'
import type { Port } from '../../../topology/model.ts'
import { learnerCookie } from '../../pipeline/cookie.ts'
import { TARGET } from '../../pipeline/registers.ts'
import type { Table } from '../../pipeline/table.ts'

export const LEARNED = {
  number: 56,
  name: 'learned',
  does: 'Names the remote site that has an address, as the switch has learned from what came from there. Used where a network is bridged to a site, for addresses that no VNIC has.',
  isLearned: true,
} as const satisfies Table

/** The addresses that are learned of one site. Frames to further ones are looked for everywhere. */
const MAX_LEARNED = 1024
/** An address without a frame is forgotten after this time, as IEEE 802.1D recommends. Each frame learns it anew. */
const FORGET_AFTER_S = 300

/** Remember that the source of this packet is at the site that the port leads to. */
export const learnSource = (port: Port): Action => ({
  type: 'learn',
  hardTimeout: FORGET_AFTER_S,
  priority: 100,
  cookie: learnerCookie(port.key),
  table: LEARNED.number,
  deleteLearned: true,
  limit: MAX_LEARNED,
  specs: [
    { to: 'match', bits: 64, from: { field: 'metadata', offset: 0 }, dst: { field: 'metadata', offset: 0 } },
    { to: 'match', bits: 48, from: { field: 'eth_src', offset: 0 }, dst: { field: 'eth_dst', offset: 0 } },
    { to: 'load', bits: 32, from: BigInt(port.key), dst: { field: TARGET.field, offset: 0 } },
  ],
})
