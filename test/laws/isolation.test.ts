/** Law 4: no rule set lets a frame of one network reach a VNIC of another; and within a network, everybody gets one copy. */
import fc from 'fast-check'
import t from 'tap'
import type { Rule } from '../../flows/rule.ts'
import type { Graph, Placement } from '../../topology/graph.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { TUNNEL, UPLINK } from '../support/nodes.ts'
import { type Packet, run } from './interpreter.ts'
import { fromScratch, Incremental, scenario } from './scenario.ts'

/** Where copies of a frame end: the ports' ids, and what left for the physical network. */
function deliver(
  graph: Graph,
  rules: Map<HypervisorId, Rule[]>,
  from: Placement,
  packet: Packet,
): { ports: string[]; wire: Packet[] } {
  const ports: string[] = []
  const wire: Packet[] = []
  const queue: Array<{ where: HypervisorId; inPort: number; packet: Packet; hops: number }> = [
    { where: from.hypervisor, inPort: from.ofport, packet, hops: 0 },
  ]
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (next.hops > 4) throw new Error('a frame goes round and round')
    for (const output of run(rules.get(next.where) ?? [], next.inPort, next.packet)) {
      const hops = next.hops + 1
      const fresh = {
        fields: new Map([...output.packet.fields].filter(([name]) => /^eth_|^tun_id$/.test(name))),
        vlan: output.packet.vlan,
      }
      if (output.port === UPLINK) {
        wire.push(fresh)
        for (const where of rules.keys())
          if (where !== next.where) queue.push({ where, inPort: UPLINK, packet: untunnelled(fresh), hops })
      } else if (output.port === TUNNEL) {
        const to = output.packet.fields.get('tun_dst')
        for (const { id, encapIp } of graph.hypervisors.values()) {
          if (encapIp && number(encapIp) === to) queue.push({ where: id, inPort: TUNNEL, packet: fresh, hops })
        }
      } else ports.push(portAt(graph, next.where, output.port))
    }
  }
  return { ports, wire }
}

const untunnelled = (packet: Packet): Packet => ({
  ...packet,
  fields: new Map([...packet.fields].filter(([name]) => name !== 'tun_id')),
})
const number = (ip: string): bigint => ip.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)

function portAt(graph: Graph, where: HypervisorId, ofport: number): string {
  for (const id of graph.ports.keys()) {
    const placement = graph.placement(id)
    if (placement?.hypervisor === where && placement.ofport === ofport) return id
  }
  return `${where}:${ofport}`
}

const mac = (text: unknown): bigint => BigInt(`0x${String(text).replaceAll(':', '')}`)
const BROADCAST = 0xffffffffffffn

const frame = (src: bigint, dst: bigint, vlan: number[] = []): Packet => ({
  fields: new Map([
    ['eth_src', src],
    ['eth_dst', dst],
  ]),
  vlan,
})

/** Can this placement talk at all: up, and its hypervisor has all that its network needs? */
function works(graph: Graph, { port, hypervisor }: Placement): boolean {
  const here = graph.hypervisors.get(hypervisor)
  const network = port.networkId && graph.networks.get(port.networkId)
  if (!here || !network || !port.adminUp) return false
  if (network.engine === 'vxlan') return here.encapIp !== null && 'tunnel:vxlan' in here.fabric
  return 'physnet1' in here.bridgeMappings && 'uplink:physnet1' in here.fabric
}

const placements = (graph: Graph): Placement[] =>
  [...graph.ports.keys()].map((id) => graph.placement(id)).filter((placement) => placement !== undefined)

t.test('law 4 (B23, B24): broadcast and unicast reach just the members of the network, once each', async (t) => {
  let delivered = 0
  fc.assert(
    fc.property(scenario, (steps) => {
      const incremental = new Incremental()
      for (const step of steps) incremental.run(step)
      const { graph } = incremental
      const rules = fromScratch(graph)
      const all = placements(graph)
      for (const from of all) {
        const src = mac(from.vnic.attributes.mac_address)
        const peers = all.filter(
          (to) =>
            to.port.id !== from.port.id &&
            to.port.networkId === from.port.networkId &&
            works(graph, to) &&
            works(graph, from),
        )
        const wanted = peers.map((to) => to.port.id).sort()
        const flood = deliver(graph, rules, from, frame(src, BROADCAST))
        delivered += flood.ports.length
        if (JSON.stringify(flood.ports.sort()) !== JSON.stringify(wanted)) return false
        for (const to of all) {
          const dst = mac(to.vnic.attributes.mac_address)
          if (dst === src) continue
          const unicast = deliver(graph, rules, from, frame(src, dst))
          const reaches = peers
            .filter((peer) => mac(peer.vnic.attributes.mac_address) === dst)
            .map(({ port }) => port.id)
          if (JSON.stringify(unicast.ports) !== JSON.stringify(reaches)) return false
        }
        for (const { vlan } of flood.wire) {
          const segment = graph.networks.get(from.port.networkId ?? ('' as never))?.segment
          if (vlan.length !== 1 || vlan[0] !== segment?.vlan_id) return false
        }
      }
      return true
    }),
    { numRuns: 1500 },
  )
  t.ok(delivered > 1000, `${delivered} copies were delivered`)
})

t.test('law 4 (B22, B25): a forged source and any tag go nowhere', async (t) => {
  let tried = 0
  fc.assert(
    fc.property(
      scenario,
      fc.integer({ min: 0, max: 4095 }),
      fc.bigInt({ min: 0n, max: BROADCAST }),
      (steps, vid, forged) => {
        const incremental = new Incremental()
        for (const step of steps) incremental.run(step)
        const { graph } = incremental
        const rules = fromScratch(graph)
        for (const from of placements(graph)) {
          const own = mac(from.vnic.attributes.mac_address)
          const bad = [
            frame(own, BROADCAST, [vid]),
            frame(own, BROADCAST, [vid, 100]),
            ...(forged === own ? [] : [frame(forged, BROADCAST)]),
          ]
          for (const packet of bad) {
            tried += 1
            const { ports, wire } = deliver(graph, rules, from, packet)
            if (ports.length + wire.length > 0) return false
          }
        }
        return true
      },
    ),
    { numRuns: 1500 },
  )
  t.ok(tried > 1000, `${tried} bad frames were tried`)
})
