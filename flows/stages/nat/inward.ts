/** From the physical network to a member with an address there: only IPv4 and ARP for that address. */
import { type Action, type OxmField, PORT } from '../../../src/openflow/index.ts'
import { called, describeVnic } from '../../engines/engine-rules.ts'
import { dotted } from '../../engines/prefix.ts'
import { FROM_FABRIC, inDomain, is, set, setDomain, TARGET } from '../../pipeline/registers.ts'
import { arpReply } from '../../pipeline/reply.ts'
import { type Rule, resubmit, rule } from '../../pipeline/rule.ts'
import { CLASSIFY } from '../../pipeline/table.ts'
import { POP_TAG, UNTAGGED, withTag } from '../../pipeline/vlan-tag.ts'
import { learnNextHop } from './learn-next-hop.ts'
import { GATEWAY_MAC, macOfFloating, viaOf } from './macs.ts'
import { DELIVER, HOP, NAT_IN, NEIGHBOURS, NEXT_HOP, RESOLVED, ROUTE, VIA } from './nat-tables.ts'
import { nextHopLimit, toController } from './next-hop-meter.ts'
import type { RoutedScope, TranslatedScope } from './routed-scope.ts'

const IPV4: OxmField = { field: 'eth_type', value: 0x0800 }
const ARP: OxmField = { field: 'eth_type', value: 0x0806 }
const [REQUEST, REPLY] = [1, 2]

/** All rules on the way to one member. */
export const inward = (scope: TranslatedScope): Rule[] => [
  arriving(scope),
  ...heard(scope, null),
  // The rules for the router come last, so that the router also reaches a VM that has long been silent without the
  // controller.
  ...(scope.fabric.nextHop === null ? [] : heard(scope, scope.fabric.nextHop)),
  fromNeighbour(scope),
  ...translated(scope),
]

function arriving({ member, domain, fabric, translation, output, next }: TranslatedScope): Rule {
  const { floating } = translation
  return rule({
    table: CLASSIFY.number,
    priority: 120,
    match: [
      ...fromSegment(fabric, output),
      { field: 'eth_dst', value: macOfFloating(floating) },
      IPV4,
      { field: 'ipv4_dst', value: floating },
    ],
    actions: [...(fabric.vlanId === null ? [] : [POP_TAG]), setDomain(domain.key), set(FROM_FABRIC, 1)],
    goto: next('fromFabric', CLASSIFY.number),
    author: member.port.key,
    why: `${describeVnic(member)}: packets from the physical network for its floating address belong to ${called(domain)}`,
  })
}

/** ARP for the floating address. @param sender the router; if left out, all other senders */
function heard({ member, fabric, translation: { floating }, output }: TranslatedScope, sender: number | null): Rule[] {
  const { port } = member
  const who = describeVnic(member)
  const limit = nextHopLimit(member)
  const [metered, copy] = toController(limit)
  const learn = learnNextHop(port, viaOf(fabric, output), sender !== null)
  const match = (op: number): OxmField[] => [
    ...fromSegment(fabric, output),
    ARP,
    { field: 'arp_op', value: op },
    { field: 'arp_tpa', value: floating },
    ...(sender === null ? [] : [{ field: 'arp_spa', value: sender } as const]),
  ]
  const which = sender === null ? '' : 'of its router: '
  const base = { table: CLASSIFY.number, priority: sender === null ? 120 : 125, author: port.key }
  return [
    rule({
      ...base,
      match: match(REQUEST),
      actions: [learn, ...arpReply({ address: floating, mac: macOfFloating(floating) }), BACK],
      why: `${who}: ${which}who asks on the physical network has its floating address answered, and is known from then on`,
    }),
    rule({
      ...base,
      match: match(REPLY),
      // Meters come first, because OpenFlow before 1.5 allows a meter only there.
      actions: [metered, learn, copy],
      meters: [limit],
      why: `${who}: ${which}an answer to what was asked for it says where a neighbour is, ${limit.rate} a second at most`,
    }),
  ]
}

/**
 * Learns what a router announces about itself in ARP, whoever the receiver is, because its MAC address may have changed. Many
 * networks may have the same router, so the author is the hypervisor.
 */
export function fromRouter({ here, fabric, output }: RoutedScope): Rule[] {
  const { nextHop } = fabric
  if (nextHop === null) return []
  return [
    rule({
      table: CLASSIFY.number,
      priority: 115,
      match: [...fromSegment(fabric, output), ARP, { field: 'arp_spa', value: nextHop }],
      actions: [learnNextHop(here, viaOf(fabric, output), true)],
      author: here.key,
      why: `hypervisor ${here.id}: what router ${dotted(nextHop)} says of itself is known from then on`,
    }),
  ]
}

/**
 * Also learns what any other known host announces about itself. Otherwise, after a change of its MAC address, no member here
 * could reach it. A host that is not known is not learned, because no member here has asked for it.
 */
export function fromKnown({ here, fabric, output }: RoutedScope): Rule[] {
  const [priority, author] = [110, here.key]
  return [
    rule({
      table: CLASSIFY.number,
      priority,
      match: [...fromSegment(fabric, output), ARP],
      actions: [set(VIA, viaOf(fabric, output)), SENDER, resubmit(NEIGHBOURS.number)],
      goto: HOP.number,
      author,
      why: `hypervisor ${here.id}: is who speaks in ARP where floating addresses live a host that is known?`,
    }),
    rule({
      table: HOP.number,
      priority,
      match: [is(RESOLVED, 1), ARP],
      actions: [learnNextHop(here)],
      author,
      why: `hypervisor ${here.id}: a known host may have another MAC address, which is known from then on`,
    }),
  ]
}

const SENDER: Action = {
  type: 'reg_move',
  bits: 32,
  src: { field: 'arp_spa', offset: 0 },
  dst: { field: NEXT_HOP.field, offset: 0 },
}

const fromSegment = ({ vlanId }: RoutedScope['fabric'], output: number): OxmField[] => [
  { field: 'in_port', value: output },
  vlanId === null ? UNTAGGED : withTag(vlanId),
]

/** A packet from another member on the same physical network does not leave the hypervisor. */
const fromNeighbour = ({ member, domain, fabric, translation, output }: TranslatedScope): Rule =>
  rule({
    table: ROUTE.number,
    priority: 200,
    match: [is(VIA, viaOf(fabric, output)), IPV4, { field: 'ipv4_dst', value: translation.floating }],
    actions: [setDomain(domain.key)],
    goto: NAT_IN.number,
    author: member.port.key,
    why: `${describeVnic(member)}: its floating address is here, for whoever reaches that physical network`,
  })

function translated({ member, domain, translation, next }: TranslatedScope): Rule[] {
  const { port, ofport } = member
  const { floating, inside, mac } = translation
  const who = describeVnic(member)
  return [
    rule({
      table: NAT_IN.number,
      priority: 100,
      match: [inDomain(domain.key), IPV4, { field: 'ipv4_dst', value: floating }],
      actions: [
        {
          type: 'ct',
          commit: true,
          zone: ofport,
          table: DELIVER.number,
          actions: [{ type: 'nat', to: 'dst', ipv4: { min: inside } }],
        },
      ],
      author: port.key,
      zone: ofport,
      why: `${who}: its floating address becomes its private one`,
    }),
    rule({
      table: DELIVER.number,
      priority: 100,
      match: [inDomain(domain.key), IPV4, { field: 'ipv4_dst', value: inside }],
      actions: [
        { type: 'set_field', field: 'eth_src', value: GATEWAY_MAC },
        { type: 'set_field', field: 'eth_dst', value: mac },
        set(TARGET, port.key),
      ],
      goto: next('toTarget', DELIVER.number),
      author: port.key,
      why: `${who}: it receives what was translated for it, as from its gateway`,
    }),
  ]
}

const BACK: Action = { type: 'output', port: PORT.IN_PORT }
