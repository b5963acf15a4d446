/**
 * Law 4 of NATed networks: a packet to a floating address reaches the member that has it, and no other packet reaches anybody.
 */
import fc from 'fast-check'
import t from 'tap'
import { is, set } from '../../flows/pipeline/registers.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import { GATEWAY_MAC, macOfFloating } from '../../flows/stages/nat/macs.ts'
import { NEIGHBOURS, NEXT_HOP, RESOLVED, VIA } from '../../flows/stages/nat/nat-tables.ts'
import { type Flow, ipv4 } from '../../src/openflow/index.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { UPLINK } from '../support/nodes.ts'
import { deliver, mac, type Placed, placements, same, tagsOf, works } from './delivery.ts'
import { fromScratch, Incremental, scenario } from './scenario.ts'

const ROUTER = ipv4('203.0.113.1')
const BEYOND = ipv4('198.51.100.1')
const VLAN = 50

/** The rule that a switch would have learned for this next hop. */
const learned = (address: number, at: number): Flow => ({
  table: NEIGHBOURS.number,
  priority: 100,
  cookie: 0n,
  match: [is(VIA, UPLINK * 4096 + VLAN), is(NEXT_HOP, address)],
  instructions: [
    { type: 'apply_actions', actions: [{ type: 'set_field', field: 'eth_dst', value: at }, set(RESOLVED, 1)] },
  ],
})

const floatingOf = ({ port }: Placed): number => ipv4(String(port.attributes.floating_address))
const privateOf = ({ port }: Placed): number => ipv4(String(port.attributes.private_address))

function cloudOf(steps: Parameters<Incremental['run']>[0][]) {
  const incremental = new Incremental()
  for (const step of steps) incremental.run(step)
  const { graph } = incremental
  const members = placements(graph).filter(({ port }) => port.engine === 'nat-ipv4')
  const neighbours = members.map((one) => learned(floatingOf(one), macOfFloating(floatingOf(one))))
  const known = [...neighbours, learned(ROUTER, 0x020000000099)]
  const rules = new Map([...fromScratch(graph)].map(([where, all]) => [where, [...all, ...(known as Rule[])]]))
  return { graph, members, rules }
}

function send(graph: Graph, rules: Map<HypervisorId, Rule[]>, from: Placed, source: number, destination: number) {
  const fields = new Map([
    ['eth_src', mac(from.vnic.attributes.mac_address)],
    ['eth_dst', BigInt(GATEWAY_MAC)],
    ['eth_type', 0x0800n],
    ['ipv4_src', BigInt(source)],
    ['ipv4_dst', BigInt(destination)],
  ])
  return deliver(graph, rules, { where: from.hypervisor, inPort: from.ofport, packet: { fields, vlan: tagsOf(from) } })
}

t.test(
  'law 4: floating addresses lead to their members, with the sender\u2019s, and private ones nowhere',
  async (t) => {
    let [delivered, left] = [0, 0]
    fc.assert(
      fc.property(scenario, (steps) => {
        const { graph, members, rules } = cloudOf(steps)
        for (const from of members) {
          const own = privateOf(from)
          const mine = BigInt(floatingOf(from))
          const isClean = (packets: readonly { fields: ReadonlyMap<string, bigint>; vlan: readonly number[] }[]) =>
            packets.every(
              ({ fields, vlan }) => fields.get('ipv4_src') === mine && same(vlan.map(String), [String(VLAN)]),
            )
          for (const to of members) {
            const { ports, wire } = send(graph, rules, from, own, floatingOf(to))
            const reached = works(graph, from) && works(graph, to) && to !== from
            if (!same(ports, reached ? [to.port.id] : []) || !isClean(wire)) return false
            // Packets that stay on the hypervisor are not seen on the physical network.
            if (reached && (wire.length === 0) !== (to.hypervisor === from.hypervisor)) return false
            delivered += ports.length
            const privately = send(graph, rules, from, own, privateOf(to))
            if (privately.ports.length + privately.wire.length > 0) return false
            if (privateOf(to) === own) continue
            const forged = send(graph, rules, from, privateOf(to), BEYOND)
            if (forged.ports.length + forged.wire.length > 0) return false
          }
          const beyond = send(graph, rules, from, own, BEYOND)
          if (beyond.ports.length > 0 || beyond.wire.length !== (works(graph, from) ? 1 : 0) || !isClean(beyond.wire))
            return false
          left += beyond.wire.length
        }
        return true
      }),
      { numRuns: 500 },
    )
    t.ok(delivered > 300 && left > 300, `${delivered} packets were delivered, ${left} left`)
  },
)
