/** Delivers frames in a small cloud with modelled switches: through switches, the physical network and tunnels. */
import type { Member } from '../../flows/engines/engine-rules.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import { PORT } from '../../src/openflow/index.ts'
import type { Graph, Placement } from '../../topology/graph.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { GENEVE, GRE, TUNNEL, UPLINK } from '../support/nodes.ts'
import { type Packet, run } from './interpreter.ts'

/** A VNIC in its port, at its place. */
export type Placed = Member

/** Where the copies of a frame end: ids of ports, packets on the physical network, and remote ends. */
export interface Ends {
  readonly ports: string[]
  readonly wire: Packet[]
  /** `address key` */
  readonly beyond: string[]
}

interface Arrival {
  readonly where: HypervisorId
  readonly inPort: number
  readonly packet: Packet
  readonly hops: number
}

/** The fields that a packet keeps on its way between switches. */
const OF_PACKET = /^(eth|ipv4|arp)_/
const TUNNELS = [TUNNEL, GENEVE, GRE]

export function deliver(graph: Graph, rules: Map<HypervisorId, Rule[]>, first: Omit<Arrival, 'hops'>): Ends {
  const ends: Ends = { ports: [], wire: [], beyond: [] }
  const queue: Arrival[] = [{ ...first, hops: 0 }]
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (next.hops > 4) throw new Error('a frame goes round and round')
    for (const output of run(rules.get(next.where) ?? [], next.inPort, next.packet)) {
      const hops = next.hops + 1
      const { fields, vlan } = output.packet
      const frame = { fields: new Map([...fields].filter(([name]) => OF_PACKET.test(name))), vlan }
      // Packets to the controller are not delivered further.
      if (output.port === PORT.CONTROLLER) continue
      if (output.port === UPLINK) {
        ends.wire.push(frame)
        for (const where of rules.keys())
          if (where !== next.where) queue.push({ where, inPort: UPLINK, packet: frame, hops })
      } else if (TUNNELS.includes(output.port)) {
        const [to, key] = [fields.get('tun_dst') ?? 0n, fields.get('tun_id') ?? 0n]
        const from = graph.hypervisors.get(next.where)?.encapIp ?? ''
        const peer = [...graph.hypervisors.values()].find(({ encapIp }) => encapIp && number(encapIp) === to)
        const packet = tunnelled(frame, from, key)
        if (peer) queue.push({ where: peer.id, inPort: output.port, packet, hops })
        else ends.beyond.push(`${to} ${key}`)
      } else ends.ports.push(portAt(graph, next.where, output.port, vlan))
    }
  }
  return ends
}

export const tunnelled = ({ fields, vlan }: Packet, from: string, key: bigint): Packet => ({
  fields: new Map([...fields, ['tun_src', number(from)], ['tun_id', key]]),
  vlan,
})
export const number = (ip: string): bigint => ip.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)

/** The port that a frame at a VM belongs to, by the outermost tag. */
function portAt(graph: Graph, where: HypervisorId, ofport: number, [tag]: readonly number[]): string {
  const there = placements(graph).filter((each) => each.hypervisor === where && each.ofport === ofport)
  const of = there.find((each) => each.tag !== null && each.tag === tag) ?? there.find((each) => each.tag === null)
  return of?.port.id ?? `${where}:${ofport}`
}

/** The tags of a port's frames between its VM and the switch. */
export const tagsOf = ({ tag }: Placement): number[] => (tag === null ? [] : [tag])

export const mac = (text: unknown): bigint => BigInt(`0x${String(text).replaceAll(':', '')}`)
export const BROADCAST = 0xffffffffffffn

export const frame = (src: bigint, dst: bigint, vlan: number[] = []): Packet => ({
  fields: new Map([
    ['eth_src', src],
    ['eth_dst', dst],
  ]),
  vlan,
})

/** Does the hypervisor have everything that the domain needs? */
export function reaches(graph: Graph, { engine }: { readonly engine: string }, hypervisor: HypervisorId): boolean {
  const here = graph.hypervisors.get(hypervisor)
  if (!here) return false
  if (engine === 'vlan' || engine === 'flat' || engine === 'nat-ipv4')
    return 'physnet1' in here.bridgeMappings && 'uplink:physnet1' in here.fabric
  return here.encapIp !== null && `tunnel:${engine === 'remote-l2' ? 'vxlan' : engine}` in here.fabric
}

/** Can this placement communicate? Its port must be up, and its domain must work on its hypervisor. */
export function works(graph: Graph, { port, hypervisor }: Placement): boolean {
  const domain = port.networkId === null ? port : graph.networks.get(port.networkId)
  return domain !== undefined && port.adminUp && reaches(graph, domain, hypervisor)
}

export const placements = (graph: Graph): Placed[] =>
  [...graph.ports.keys()].map((id) => graph.placement(id)).filter((one): one is Placed => Boolean(one?.vnic))

export const same = (one: readonly string[], other: readonly string[]) =>
  JSON.stringify([...one].sort()) === JSON.stringify([...other].sort())
