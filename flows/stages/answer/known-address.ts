/**
 * Answers requests for known addresses (ARP, RFC 826; neighbour discovery, RFC 4861). What a VNIC announces about its own
 * address is forwarded to the others. So is the question whether anybody already has an address (duplicate address detection,
 * RFC 4862), because the owner of the address must hear it.
 */
import type { Action, OxmField } from '../../../src/openflow/index.ts'
import { called, describeVnic, type Member, type Neighbour } from '../../engines/engine-rules.ts'
import { inDomain, is, SOURCE } from '../../pipeline/registers.ts'
import { arpReply, BACK_TO_SOURCE, backTo, move } from '../../pipeline/reply.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { Scope } from '../../pipeline/scope.ts'
import { ANSWER, type Table } from '../../pipeline/table.ts'

export const ADVERTISE = {
  number: 21,
  name: 'advertise',
  does: 'Writes the address into a neighbour advertisement that table `answer` has made from a solicitation, and sends it back.',
} as const satisfies Table

const [ARP_REQUEST, SOLICITATION, ADVERTISEMENT] = [1, 135, 136]
/** The flags solicited and override (RFC 4861, section 4.4): the answer replaces cached values. */
const SOLICITED_OVERRIDE = 0x60000000
/** The option that holds the target's link-layer address (RFC 4861, section 4.6.1). */
const TARGET_OPTION = 2

interface Known {
  readonly neighbour: Neighbour
  /** The member whose address it is; if left out, the address belongs to the controller. */
  readonly member?: Member
  /** Is the member on this switch? */
  readonly isHere?: boolean
}

export function answersFor({ domain, next }: Scope, { member, neighbour, isHere = false }: Known): Rule[] {
  const asked = question(neighbour)
  const author = member?.port.key ?? domain.key
  const base = { table: ANSWER.number, author }
  const who = member ? describeVnic(member) : called(domain)
  const own = rule({
    ...base,
    priority: 210,
    match: [is(SOURCE, author), ...asked],
    goto: next('fromMember', ANSWER.number),
    why: `${who}: what it says of its own address goes to ${called(domain)}`,
  })
  const why = member
    ? `${who}: ${called(domain)} is told in the switch who has its address`
    : `${who}: its members are told in the switch of an address of the controller's`
  // Members may borrow addresses of other members, but none of the controller's.
  const answer = { ...base, priority: member ? 200 : 216, match: [inDomain(domain.key), ...asked], why }
  if (neighbour.family === 4) {
    const actions = [...arpReply(neighbour), ...BACK_TO_SOURCE]
    return [...(isHere ? [own] : []), rule({ ...answer, actions, goto: next('toTarget', ANSWER.number) })]
  }
  const probe = rule({
    ...base,
    priority: 205,
    match: [inDomain(domain.key), IPV6, { field: 'ipv6_src', value: 0n }, ...asked.slice(1)],
    goto: next('fromMember', ANSWER.number),
    why: `${who}: whoever wants its address is heard by it`,
  })
  const advertisement = rule({
    table: ADVERTISE.number,
    priority: 100,
    match: [
      inDomain(domain.key),
      ...neighbourDiscovery(ADVERTISEMENT),
      { field: 'nd_target', value: neighbour.address },
    ],
    actions: [{ type: 'set_field', field: 'nd_tll', value: neighbour.mac }, ...BACK_TO_SOURCE],
    goto: next('toTarget', ADVERTISE.number),
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
    ? [...asks(4), { field: 'arp_tpa', value: neighbour.address }]
    : [...asks(6), { field: 'nd_target', value: neighbour.address }]

/** An ARP request, or a neighbour solicitation. */
export const asks = (family: 4 | 6): OxmField[] =>
  family === 4
    ? [
        { field: 'eth_type', value: 0x0806 },
        { field: 'arp_op', value: ARP_REQUEST },
      ]
    : neighbourDiscovery(SOLICITATION)

const neighbourDiscovery = (type: number): OxmField[] => [
  IPV6,
  { field: 'ip_proto', value: 58 },
  { field: 'icmpv6_type', value: type },
  { field: 'icmpv6_code', value: 0 },
]

/**
 * Turns a solicitation into an advertisement, except for the address in it: only a rule that matches advertisements can set
 * that.
 */
const advertise = ({ address, mac }: Neighbour & { family: 6 }): Action[] => [
  ...backTo(mac),
  move('ipv6_src', 'ipv6_dst', 128),
  { type: 'set_field', field: 'ipv6_src', value: address },
  { type: 'set_field', field: 'icmpv6_type', value: ADVERTISEMENT },
  { type: 'set_field', field: 'nd_reserved', value: SOLICITED_OVERRIDE },
  { type: 'set_field', field: 'nd_options_type', value: TARGET_OPTION },
]
