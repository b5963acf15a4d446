/**
 * Table learned: which addresses of a network are at its remote site. The switch learns them from frames that come from there.
 * It makes the rules, limits their number, and deletes them when the rule with the action `learn` is deleted, or when no frame
 * has come from an address for a while. Their cookies differ from those of Plugboard's rules, so comparisons ignore them.
 */
import type { Action } from '../../../src/openflow/index.ts'
import type { Port } from '../../../topology/model.ts'
import { learnerCookie } from '../../pipeline/cookie.ts'
import { TARGET } from '../../pipeline/registers.ts'
import type { Table } from '../../pipeline/table.ts'

export const LEARNED = {
  number: 56,
  name: 'learned',
  does: 'Holds the addresses of a remote site that the switch has learned from frames that came from there. Only networks that are bridged to a site use it, for addresses that no VNIC has.',
  isLearned: true,
} as const satisfies Table

/** The most addresses that are learned of one site. Frames to further addresses are flooded. */
const MAX_LEARNED = 1024
/** An address without frames is forgotten after this time, the one that IEEE 802.1D recommends. Each frame restarts it. */
const FORGET_AFTER_S = 300

/** Learns that the source address of this packet is at the site of the port. */
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
