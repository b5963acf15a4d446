/** From the physical network to a member that has an address there: only what is for that address, and only IPv4 and ARP. */
import { type Action, type OxmField, PORT } from '../../../src/openflow/index.ts'
import type { Hypervisor } from '../../../topology/model.ts'
import { called, type Domain, type Member, named, type Routed, type Translation } from '../../engines/engine-rules.ts'
import { dotted } from '../../engines/prefix.ts'
import { FROM_FABRIC, inDomain, is, NEXT_HOP, RESOLVED, set, setDomain, TARGET, VIA } from '../../pipeline/registers.ts'
import { type Rule, resubmit, rule } from '../../pipeline/rule.ts'
import { CLASSIFY, DELIVER, EGRESS, HOP, NAT_IN, NEIGHBOURS, ROUTE } from '../../pipeline/tables.ts'
import { arpReply } from '../answer/answer.ts'
import { learnNextHop } from './learn-next-hop.ts'
import { GATEWAY_MAC, macOfFloating, viaOf } from './macs.ts'
import { hopsLimit, toController } from './next-hop-meter.ts'

const IPV4: OxmField = { field: 'eth_type', value: 0x0800 }
const ARP: OxmField = { field: 'eth_type', value: 0x0806 }
const [REQUEST, REPLY] = [1, 2]

/** Everything on the way to one member. @param output the OpenFlow port that leads to the physical network */
export function inward(member: Member, domain: Domain, fabric: Routed, translation: Translation, output: number) {
  return [
    ...arriving(member, domain, fabric, translation, output),
    fromNeighbour(member, domain, fabric, translation, output),
    ...translated(member, domain, translation),
  ]
}

function arriving(member: Member, domain: Domain, fabric: Routed, { floating }: Translation, output: number): Rule[] {
  const { port, vnic } = member
  const mac = macOfFloating(floating)
  const who = `VNIC ${vnic.id} in port ${named(port)}`
  const tagged = fabric.vlanId !== null
  const from = segmentOf(fabric, output)
  const base = { table: CLASSIFY.number, priority: 120, author: port.key }
  const limit = hopsLimit(member)
  const [metered, copy] = toController(limit)
  const router = fabric.nextHop
  const arp = (sender: number | null): Rule[] => {
    const priority = sender === null ? base.priority : base.priority + 5
    const [its, which] =
      sender === null ? [[], ''] : [[{ field: 'arp_spa', value: sender } as const], 'of its router: ']
    const match = (op: number): OxmField[] => [
      ...from,
      ARP,
      { field: 'arp_op', value: op },
      { field: 'arp_tpa', value: floating },
      ...its,
    ]
    const learn = learnNextHop(port, viaOf(fabric, output), sender !== null)
    return [
      rule({
        ...base,
        priority,
        match: match(REQUEST),
        actions: [learn, ...arpReply({ address: floating, mac }), BACK],
        why: `${who}: ${which}who asks on the physical network has its floating address answered, and is known from then on`,
      }),
      rule({
        ...base,
        priority,
        match: match(REPLY),
        // First the meter, since OpenFlow before 1.5 has one there only.
        actions: [metered, learn, copy],
        meters: [limit],
        why: `${who}: ${which}an answer to what was asked for it says where a neighbour is, ${limit.rate} a second at most`,
      }),
    ]
  }
  return [
    rule({
      ...base,
      match: [...from, { field: 'eth_dst', value: mac }, IPV4, { field: 'ipv4_dst', value: floating }],
      actions: [...(tagged ? [POP] : []), setDomain(domain.key), set(FROM_FABRIC, 1)],
      goto: NAT_IN.number,
      why: `${who}: packets from the physical network for its floating address belong to ${called(domain)}`,
    }),
    ...arp(null),
    // The router lasts: a VM that has been silent for long reaches it without the controller, too.
    ...(router === null ? [] : arp(router)),
  ]
}

/**
 * Whatever a router says of itself in ARP counts at once, to whomever it says it: it may have another MAC address since. It is
 * the hypervisor's rule, since many networks may have the same router.
 */
export const fromRouter = (here: Hypervisor, fabric: Routed, router: number, output: number): Rule =>
  rule({
    table: CLASSIFY.number,
    priority: 115,
    match: [...segmentOf(fabric, output), ARP, { field: 'arp_spa', value: router }],
    actions: [learnNextHop(here, viaOf(fabric, output), true)],
    author: here.key,
    why: `hypervisor ${here.id}: what router ${dotted(router)} says of itself is known from then on`,
  })

/**
 * So does any other host that is known here, for itself: one that has another MAC address since would never be reached again
 * while somebody sends to the old one. Whoever is not known is not learned of, since nobody here has asked for it.
 */
export function fromKnown(here: Hypervisor, fabric: Routed, output: number): Rule[] {
  const [priority, author] = [110, here.key]
  return [
    rule({
      table: CLASSIFY.number,
      priority,
      match: [...segmentOf(fabric, output), ARP],
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

const segmentOf = ({ vlanId }: Routed, output: number): OxmField[] => [
  { field: 'in_port', value: output },
  { field: 'vlan_vid', value: vlanId === null ? 0 : 0x1000 | vlanId },
]

/** What another member of a network on the same physical one sends to it does not leave the hypervisor. */
const fromNeighbour = (
  { port, vnic }: Member,
  domain: Domain,
  fabric: Routed,
  { floating }: Translation,
  output: number,
): Rule =>
  rule({
    table: ROUTE.number,
    priority: 200,
    match: [is(VIA, viaOf(fabric, output)), IPV4, { field: 'ipv4_dst', value: floating }],
    actions: [setDomain(domain.key)],
    goto: NAT_IN.number,
    author: port.key,
    why: `VNIC ${vnic.id} in port ${named(port)}: its floating address is here, for whoever reaches that physical network`,
  })

function translated(member: Member, domain: Domain, { floating, inside, mac }: Translation): Rule[] {
  const { port, vnic, ofport } = member
  const who = `VNIC ${vnic.id} in port ${named(port)}`
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
      goto: EGRESS.number,
      author: port.key,
      why: `${who}: it receives what was translated for it, as from its gateway`,
    }),
  ]
}

const POP: Action = { type: 'pop_vlan' }
const BACK: Action = { type: 'output', port: PORT.IN_PORT }
