/**
 * From a member to every receiver that its floating address can reach. A packet that is not translated is dropped, so private
 * addresses never leave.
 */
import { type Action, ipv4, type OxmField } from '../../../src/openflow/index.ts'
import { called, describeVnic } from '../../engines/engine-rules.ts'
import { maskOf, type Prefix, printPrefix } from '../../engines/prefix.ts'
import { inDomain, is, SOURCE, set, TARGET, TO_UPLINK } from '../../pipeline/registers.ts'
import { BACK_TO_SOURCE, backTo, move } from '../../pipeline/reply.ts'
import { type Rule, resubmit, rule } from '../../pipeline/rule.ts'
import { ANSWER } from '../../pipeline/table.ts'
import { GATEWAY_MAC, macOfFloating, viaOf } from './macs.ts'
import { HOP, NAT_OUT, NEIGHBOURS, NEXT_HOP, RESOLVED, ROUTE, TRANSLATED, VIA } from './nat-tables.ts'
import { nextHopLimit, toController } from './next-hop-meter.ts'
import type { RoutedScope, TranslatedScope } from './routed-scope.ts'

const IPV4: OxmField = { field: 'eth_type', value: 0x0800 }

/** The rules that all members share: their gateway and the routes. */
export function gateway(scope: RoutedScope): Rule[] {
  const { domain, fabric, next } = scope
  const author = domain.key
  return [
    rule({
      table: ANSWER.number,
      priority: 200,
      match: [inDomain(domain.key), IPV4, ICMP, ECHO, { field: 'ipv4_dst', value: fabric.gateway }],
      actions: [...echoed(fabric.gateway), ...BACK_TO_SOURCE],
      goto: next('toTarget', ANSWER.number),
      author,
      why: `${called(domain)}: who pings the gateway is answered in the switch`,
    }),
    ...routes(scope),
    rule({
      table: HOP.number,
      priority: 100,
      match: [inDomain(domain.key), is(RESOLVED, 1)],
      actions: [set(TARGET, TO_UPLINK)],
      goto: next('toTarget', HOP.number),
      author,
      why: `${called(domain)}: the MAC address of the next hop is known`,
    }),
  ]
}

function routes({ domain, fabric: { onLink, nextHop, inside } }: RoutedScope): Rule[] {
  const author = domain.key
  const route = (priority: number, to: Prefix, why: string, actions: readonly Action[]): Rule =>
    rule({
      table: ROUTE.number,
      priority,
      match: [inDomain(domain.key), IPV4, ...within('ipv4_dst', to)],
      ...(actions.length > 0 && { actions: [...actions, resubmit(NEIGHBOURS.number)], goto: HOP.number }),
      author,
      why: `${called(domain)}: ${why}`,
    })
  const itself: Action = {
    type: 'reg_move',
    bits: 32,
    src: { field: 'ipv4_dst', offset: 0 },
    dst: { field: NEXT_HOP.field, offset: 0 },
  }
  return [
    route(160, GROUPS, 'broadcast and multicast do not leave', []),
    ...NOWHERE.map((each) => route(160, each, `nobody else is reached by ${printPrefix(each)}`, [])),
    route(150, inside, `private addresses (${printPrefix(inside)}) are nobody's outside`, []),
    route(100, onLink, `${printPrefix(onLink)} is on the physical network itself`, [itself]),
    ...(nextHop === null
      ? []
      : [route(50, ALL, 'all else is beyond the router of the physical network', [set(NEXT_HOP, nextHop)])]),
  ]
}

/** Class D, and the reserved addresses including broadcast (RFC 5771, RFC 919). */
const GROUPS: Prefix = { first: ipv4('224.0.0.0'), length: 3 }
/** "This" host and loopback. No packet on a wire may have these destinations (RFC 1812, sections 4.2.2.11 and 5.3.7). */
const NOWHERE: readonly Prefix[] = ['0.0.0.0', '127.0.0.0'].map((first) => ({ first: ipv4(first), length: 8 }))
const ALL: Prefix = { first: 0, length: 0 }

const within = (field: 'ipv4_dst', prefix: Prefix): OxmField[] =>
  prefix.length === 0 ? [] : [{ field, value: prefix.first, mask: maskOf(prefix) }]

/** The rules of one member. */
export function outward({ member, domain, fabric, translation, output }: TranslatedScope): Rule[] {
  const { port, ofport } = member
  const { floating, inside } = translation
  const who = describeVnic(member)
  const author = port.key
  const limit = nextHopLimit(member)
  return [
    rule({
      table: NAT_OUT.number,
      priority: 100,
      match: [
        is(SOURCE, port.key),
        { field: 'eth_dst', value: GATEWAY_MAC },
        IPV4,
        { field: 'ipv4_src', value: inside },
      ],
      actions: [
        { type: 'set_field', field: 'eth_src', value: macOfFloating(floating) },
        set(VIA, viaOf(fabric, output)),
        {
          type: 'ct',
          commit: true,
          zone: ofport,
          table: TRANSLATED.number,
          actions: [{ type: 'nat', to: 'src', ipv4: { min: floating } }],
        },
      ],
      author,
      zone: ofport,
      why: `${who}: what it sends to its gateway has its floating address from here on`,
    }),
    rule({
      table: TRANSLATED.number,
      priority: 100,
      match: [is(SOURCE, port.key), IPV4, { field: 'ipv4_src', value: floating }],
      goto: ROUTE.number,
      author,
      why: `${who}: only what has its floating address leaves ${called(domain)}`,
    }),
    rule({
      table: HOP.number,
      priority: 50,
      match: [is(SOURCE, port.key), is(RESOLVED, 0)],
      actions: toController(limit),
      author,
      meters: [limit],
      why: `${who}: the controller asks for a next hop that is not known, ${limit.rate} a second at most`,
    }),
  ]
}

const ICMP: OxmField = { field: 'ip_proto', value: 1 }
const ECHO: OxmField = { field: 'icmp_type', value: 8 }

/** Turns an echo request into its reply (RFC 792). */
const echoed = (address: number): Action[] => [
  ...backTo(GATEWAY_MAC),
  move('ipv4_src', 'ipv4_dst', 32),
  { type: 'set_field', field: 'ipv4_src', value: address },
  { type: 'set_field', field: 'icmp_type', value: 0 },
]
