/**
 * Table neighbours: the MAC addresses of next hops on a physical network. The switch learns them from ARP packets that concern
 * a floating address, and all members on the hypervisor use them. A learned rule is deleted with the rule that last taught it,
 * or when it was not used for a while.
 */
import type { Action } from '../../../src/openflow/index.ts'
import type { Key } from '../../../topology/ids.ts'
import { learnerCookie } from '../../pipeline/cookie.ts'
import { NEIGHBOURS, NEXT_HOP, RESOLVED, VIA } from './nat-tables.ts'

const viaOfPacket = { field: VIA.field, offset: VIA.offset } as const

/** A next hop that is not used for this time is forgotten. */
const FORGET_AFTER_S = 300
/** The most next hops that the rule of one member teaches. */
const MAX_LEARNED = 1024

/**
 * Learns the sender of this ARP packet.
 * @param author of the rule that learns
 * @param via the physical network, as `viaOf` numbers it; if left out, the packet has it in its register
 * @param lasts keep the learned rule as long as the rule that learns, used or not
 */
export const learnNextHop = (author: { readonly key: Key }, via?: number, lasts = false): Action => ({
  type: 'learn',
  ...(!lasts && { idleTimeout: FORGET_AFTER_S }),
  priority: 100,
  cookie: learnerCookie(author.key),
  table: NEIGHBOURS.number,
  deleteLearned: true,
  limit: MAX_LEARNED,
  specs: [
    { to: 'match', bits: VIA.bits, from: via === undefined ? viaOfPacket : BigInt(via), dst: viaOfPacket },
    { to: 'match', bits: 32, from: { field: 'arp_spa', offset: 0 }, dst: { field: NEXT_HOP.field, offset: 0 } },
    { to: 'load', bits: 48, from: { field: 'arp_sha', offset: 0 }, dst: { field: 'eth_dst', offset: 0 } },
    { to: 'load', bits: 1, from: 1n, dst: { field: RESOLVED.field, offset: RESOLVED.offset } },
  ],
})
