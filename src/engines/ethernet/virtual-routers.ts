/**
 * The advertisements of virtual routers (VRRP). They come from the MAC address of the virtual router, but from an IP address of the
 * guest itself (RFC 9568, section 7.2).
 */
import type { Guard, PacketField } from '../../../flows/engines/engine-rules.ts'
import { ipv4, ipv6 } from '../../openflow/index.ts'
import { IPV4, IPV6, within } from './address-match.ts'
import { linkLocalOf } from './interface-id.ts'
import type { Pair } from './port-addressing.ts'

/** The IP protocol of VRRP, and the groups that its advertisements go to (RFC 9568, sections 5.1.1 and 5.1.2). */
const VRRP: PacketField = { field: 'ip_proto', value: 112 }
const [ROUTERS_4, ROUTERS_6] = [ipv4('224.0.0.18'), ipv6('ff02::12')]

/**
 * Lets a guest advertise from each further MAC address of its pairs.
 * @param own the MAC address of its VNIC
 * @param known its known addresses; if there are none, it may advertise from any address
 */
export function virtualRouters(own: number, pairs: readonly Pair[], known: readonly string[]): Guard[] {
  const further = pairs.filter(({ mac = own }) => mac === own).map(({ prefix }) => prefix)
  const ofGuest = [...known, linkLocalOf(own), ...further]
  const found = new Map<string, Guard>()
  for (const { mac = own, prefix } of pairs) {
    if (mac === own) continue
    const is6 = prefix.includes(':')
    const to: PacketField[] = is6
      ? [IPV6, VRRP, { field: 'ipv6_dst', value: ROUTERS_6 }]
      : [IPV4, VRRP, { field: 'ipv4_dst', value: ROUTERS_4 }]
    const match: PacketField[] = [{ field: 'eth_src', value: mac }, ...to]
    for (const source of known.length === 0 ? [null] : ofGuest.filter((each) => each.includes(':') === is6)) {
      const what = `as a virtual router that advertises from ${source ?? 'whatever address it has'}`
      const from = source === null ? [] : [within(is6 ? 'ipv6_src' : 'ipv4_src', source)]
      found.set(`${mac} ${is6} ${source}`, { may: 'pass', rank: 1, match: [...match, ...from], what })
    }
  }
  return [...found.values()]
}
