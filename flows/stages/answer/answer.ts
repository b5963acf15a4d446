/**
 * Tables answer and advertise: who has an address, said in the switch instead of asking everybody; and what the controller is
 * asked, which takes more than a switch can say. What a VNIC says of its own
 * address goes on, and so does the question whether somebody has an address already (duplicate address detection, RFC 4862), so
 * that the owner hears of it.
 */
import type { Action, OxmField } from '../../../src/openflow/index.ts'
import { called, type Domain, type Member, type Neighbour, named, type Punt } from '../../engines/engine-rules.ts'
import { type MeterSpec, meterId } from '../../pipeline/meters.ts'
import { inDomain, is, SOURCE, TARGET } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import { ADVERTISE, ANSWER, EGRESS } from '../../pipeline/tables.ts'
import { FROM_NOWHERE } from '../../pipeline/tunnel.ts'

/**
 * Back to the port whose packet it was, by the table that knows how its VNIC is reached: OpenFlow never puts a packet out where
 * it came in, unless it is as if it had come from nowhere.
 */
export const BACK: readonly Action[] = [
  { type: 'reg_move', bits: 32, src: { field: SOURCE.field, offset: 0 }, dst: { field: TARGET.field, offset: 0 } },
  FROM_NOWHERE,
]
/** To the controller: the whole packet, none of which stays in a buffer of the switch (OFPCML_NO_BUFFER). */
const CONTROLLER: Action = { type: 'output', port: 0xfffffffd }
/**
 * Packets of one VNIC, a second and at once: what a client sends in its start, several times over. The controller answers
 * more than a thousand VNICs that all send as much.
 */
const QUESTIONS = { rate: 20, burst: 20 } as const
const [ARP_REQUEST, ARP_REPLY, SOLICITATION, ADVERTISEMENT] = [1, 2, 135, 136]
/** Solicited, and to override what is cached (RFC 4861, 4.4). */
const SOLICITED_OVERRIDE = 0x60000000
/** The option that holds the target's link-layer address (RFC 4861, 4.6.1). */
const TARGET_OPTION = 2

/** What no answer is known for goes on. */
export const goesOn = (domain: Domain, forward: number): Rule =>
  rule({
    table: ANSWER.number,
    priority: 0,
    match: [inDomain(domain.key)],
    goto: forward,
    author: domain.key,
    why: `${called(domain)}: what is no question, or has no known answer, goes on`,
  })

/**
 * A frame of a member that the controller answers. It goes there as a whole, as often as the limit allows, and nowhere else. Its
 * answer comes back to this port alone.
 */
export function puntToController(member: Member, domain: Domain, { match, what }: Punt): Rule {
  const { port, vnic, ofport } = member
  const limit: MeterSpec = { id: meterId(ofport, 'toController'), unit: 'pktps', ...QUESTIONS }
  return rule({
    table: ANSWER.number,
    priority: 220,
    match: [is(SOURCE, port.key), ...match],
    actions: [{ type: 'meter', meter: limit.id }, CONTROLLER],
    author: port.key,
    why: `VNIC ${vnic.id} in port ${named(port)}: ${called(domain)} has the controller answer ${what}, ${limit.rate} a second at most`,
    meters: [limit],
  })
}

interface Answered {
  readonly domain: Domain
  /** Whose address it is; left out: the controller's own. */
  readonly member?: Member
  readonly neighbour: Neighbour
  readonly forward: number
  /** Is the member on this switch? */
  readonly isHere?: boolean
}

/** Who has an address, said to those who ask. */
export function answers({ domain, member, neighbour, forward, isHere = false }: Answered): Rule[] {
  const asked = question(neighbour)
  const author = member?.port.key ?? domain.key
  const base = { table: ANSWER.number, author }
  const who = member ? `VNIC ${member.vnic.id} in port ${named(member.port)}` : called(domain)
  const own = rule({
    ...base,
    priority: 210,
    match: [is(SOURCE, author), ...asked],
    goto: forward,
    why: `${who}: what it says of its own address goes to ${called(domain)}`,
  })
  const why = member
    ? `${who}: ${called(domain)} is told in the switch who has its address`
    : `${who}: its members are told in the switch of an address of the controller's`
  const answer = { ...base, priority: 200, match: [inDomain(domain.key), ...asked], why }
  if (neighbour.family === 4)
    return [
      ...(isHere ? [own] : []),
      rule({ ...answer, actions: [...arpReply(neighbour), ...BACK], goto: EGRESS.number }),
    ]
  const probe = rule({
    ...base,
    priority: 205,
    match: [inDomain(domain.key), IPV6, { field: 'ipv6_src', value: 0n }, ...asked.slice(1)],
    goto: forward,
    why: `${who}: whoever wants its address is heard by it`,
  })
  const advertisement = rule({
    table: ADVERTISE.number,
    priority: 100,
    match: [inDomain(domain.key), ...neighbourDiscovery(ADVERTISEMENT, neighbour.address)],
    actions: [{ type: 'set_field', field: 'nd_tll', value: neighbour.mac }, ...BACK],
    goto: EGRESS.number,
    author,
    why,
  })
  return [
    ...(isHere ? [own] : []),
    ...(member ? [probe] : []),
    rule({ ...answer, actions: advertise(neighbour), goto: ADVERTISE.number }),
    advertisement,
  ]
}

const IPV6: OxmField = { field: 'eth_type', value: 0x86dd }

const question = (neighbour: Neighbour): OxmField[] =>
  neighbour.family === 4
    ? [
        { field: 'eth_type', value: 0x0806 },
        { field: 'arp_op', value: ARP_REQUEST },
        { field: 'arp_tpa', value: neighbour.address },
      ]
    : neighbourDiscovery(SOLICITATION, neighbour.address)

const neighbourDiscovery = (type: number, target: bigint): OxmField[] => [
  IPV6,
  { field: 'ip_proto', value: 58 },
  { field: 'icmpv6_type', value: type },
  { field: 'icmpv6_code', value: 0 },
  { field: 'nd_target', value: target },
]

/** A request turned around (RFC 826), to go back. */
export const arpReply = ({ address, mac }: { readonly address: number; readonly mac: number }): Action[] => [
  ...backTo(mac),
  { type: 'set_field', field: 'arp_op', value: ARP_REPLY },
  move('arp_sha', 'arp_tha', 48),
  move('arp_spa', 'arp_tpa', 32),
  { type: 'set_field', field: 'arp_sha', value: mac },
  { type: 'set_field', field: 'arp_spa', value: address },
]

/** A solicitation turned into an advertisement but for the address in it, which only a rule for advertisements can set. */
const advertise = ({ address, mac }: Neighbour & { family: 6 }): Action[] => [
  ...backTo(mac),
  move('ipv6_src', 'ipv6_dst', 128),
  { type: 'set_field', field: 'ipv6_src', value: address },
  { type: 'set_field', field: 'icmpv6_type', value: ADVERTISEMENT },
  { type: 'set_field', field: 'nd_reserved', value: SOLICITED_OVERRIDE },
  { type: 'set_field', field: 'nd_options_type', value: TARGET_OPTION },
]

const backTo = (mac: number): Action[] => [
  move('eth_src', 'eth_dst', 48),
  { type: 'set_field', field: 'eth_src', value: mac },
]

const move = (from: MoveField, to: MoveField, bits: number): Action => ({
  type: 'reg_move',
  bits,
  src: { field: from, offset: 0 },
  dst: { field: to, offset: 0 },
})

type MoveField = 'eth_src' | 'eth_dst' | 'arp_sha' | 'arp_tha' | 'arp_spa' | 'arp_tpa' | 'ipv6_src' | 'ipv6_dst'
