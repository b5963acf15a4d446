/**
 * Table neighbours: the MAC addresses of next hops on a physical network, as the switch itself finds them in ARP that concerns
 * a floating address. What is learned of a physical network serves all members on the hypervisor; it goes with the rule that
 * taught it last, or when nobody has used it for a while, and is learned anew by the next packet.
 */
import type { Action } from '../../../src/openflow/index.ts'
import type { Key } from '../../../topology/ids.ts'
import { learnerCookie } from '../../pipeline/cookie.ts'
import { NEXT_HOP, RESOLVED, VIA } from '../../pipeline/registers.ts'
import { NEIGHBOURS } from '../../pipeline/tables.ts'

const viaOfPacket = { field: VIA.field, offset: VIA.offset } as const

/** Seconds without use after which a next hop is forgotten. */
const IDLE = 300
/** The most next hops that one member's rule teaches. */
const MOST = 1024

/**
 * Remember the sender of this ARP packet.
 * @param author of the rule that does so
 * @param via the physical network, as `viaOf` numbers it; without it, the packet has it in its register
 * @param lasts is it remembered for as long as the rule is there?
 */
export const learnNextHop = (author: { readonly key: Key }, via?: number, lasts = false): Action => ({
  type: 'learn',
  ...(!lasts && { idleTimeout: IDLE }),
  priority: 100,
  cookie: learnerCookie(author.key),
  table: NEIGHBOURS.number,
  deleteLearned: true,
  limit: MOST,
  specs: [
    { to: 'match', bits: VIA.bits, from: via === undefined ? viaOfPacket : BigInt(via), dst: viaOfPacket },
    { to: 'match', bits: 32, from: { field: 'arp_spa', offset: 0 }, dst: { field: NEXT_HOP.field, offset: 0 } },
    { to: 'load', bits: 48, from: { field: 'arp_sha', offset: 0 }, dst: { field: 'eth_dst', offset: 0 } },
    { to: 'load', bits: 1, from: 1n, dst: { field: RESOLVED.field, offset: RESOLVED.offset } },
  ],
})
