/** Law 4: no rule lets a frame of one network reach a VNIC of another network. Within a network, every receiver gets one copy. */
import fc from 'fast-check'
import t from 'tap'
import type { Member } from '../../flows/engines/engine-rules.ts'
import { siteOf } from '../../flows/sites.ts'
import type { Graph, Placement } from '../../topology/graph.ts'
import type { NetworkId } from '../../topology/ids.ts'
import type { Port } from '../../topology/model.ts'
import { TUNNEL } from '../support/nodes.ts'
import {
  BROADCAST,
  deliver,
  frame,
  mac,
  number,
  placements,
  reaches,
  same,
  tagsOf,
  tunnelled,
  works,
} from './delivery.ts'
import { fromScratch, Incremental, scenario } from './scenario.ts'

const endOf = ({ attributes }: Port): string => `${number(String(attributes.remote_ip))} ${attributes.tunnel_key}`

/** The remote site that a network is bridged to, if it works. */
function siteIn(graph: Graph, network: NetworkId | null): Placement | undefined {
  const site = network ? siteOf(graph, network) : undefined
  return site && works(graph, site) && reaches(graph, site.port, site.hypervisor) ? site : undefined
}

/** The receivers that must get a copy of a broadcast frame of this VNIC. */
function audience(graph: Graph, from: Member): { peers: Member[]; beyond: string[] } {
  if (!works(graph, from)) return { peers: [], beyond: [] }
  if (from.port.networkId === null) return { peers: [], beyond: [endOf(from.port)] }
  // Frames of NATed networks are not forwarded as they are.
  if (from.port.engine === 'nat-ipv4') return { peers: [], beyond: [] }
  const site = siteIn(graph, from.port.networkId)
  const peers = placements(graph).filter(
    (to) => to.port.id !== from.port.id && to.port.networkId === from.port.networkId && works(graph, to),
  )
  return { peers, beyond: site ? [endOf(site.port)] : [] }
}

const isOfTrunk = ({ carrier }: Placement, vid: number) => carrier.trunk.some(({ vlanId }) => vlanId === vid)

const idsOf = (members: readonly Member[]) => members.map(({ port }) => port.id)

t.test('law 4 (B23, B24): broadcast and unicast reach just the members of the network, once each', async (t) => {
  let delivered = 0
  let bridged = 0
  let carried = 0
  fc.assert(
    fc.property(scenario, (steps) => {
      const incremental = new Incremental()
      for (const step of steps) incremental.run(step)
      const { graph } = incremental
      const rules = fromScratch(graph)
      const all = placements(graph)
      for (const from of all) {
        const src = mac(from.vnic.attributes.mac_address)
        const { peers, beyond } = audience(graph, from)
        const send = (dst: bigint) =>
          deliver(graph, rules, { where: from.hypervisor, inPort: from.ofport, packet: frame(src, dst, tagsOf(from)) })
        const flood = send(BROADCAST)
        delivered += flood.ports.length
        carried += flood.ports.filter((id) => graph.carrierOf(id as Port['id'])).length
        bridged += flood.beyond.length
        if (!same(flood.ports, idsOf(peers)) || !same(flood.beyond, beyond)) return false
        for (const to of all) {
          const dst = mac(to.vnic.attributes.mac_address)
          if (dst === src) continue
          // Frames are sent to the place where an address is known to be, even if that place has lost its way to the
          // fabric.
          const isLost = (one: Member) => one.port.networkId === from.port.networkId && !works(graph, one)
          if (all.some((one) => isLost(one) && mac(one.vnic.attributes.mac_address) === dst)) continue
          const owners = peers.filter((peer) => mac(peer.vnic.attributes.mac_address) === dst)
          const { ports, beyond: away } = send(dst)
          // Members that get frames to unknown addresses receive frames to addresses that no member has.
          const floodUnknown = owners.length > 0 ? owners : peers.filter(({ port }) => port.floodUnknown)
          if (!same(ports, idsOf(floodUnknown))) return false
          if (!same(away, owners.length > 0 ? [] : beyond)) return false
        }
        for (const { vlan } of flood.wire) {
          const segment = graph.networks.get(from.port.networkId ?? ('' as never))?.segment
          if (!same(vlan.map(String), segment?.vlan_id === undefined ? [] : [String(segment.vlan_id)])) return false
        }
      }
      return true
    }),
    { numRuns: 1500 },
  )
  t.ok(delivered > 1000, `${delivered} copies were delivered`)
  t.ok(bridged > 100, `${bridged} copies went to remote ends`)
  t.ok(carried > 100, `${carried} copies went to ports of trunks`)
})

t.test('law 4: a frame from a remote end reaches its own port or network, once each, and no remote end', async (t) => {
  let delivered = 0
  fc.assert(
    fc.property(scenario, (steps) => {
      const incremental = new Incremental()
      for (const step of steps) incremental.run(step)
      const { graph } = incremental
      const rules = fromScratch(graph)
      for (const port of graph.ports.values()) {
        if (port.engine !== 'remote-l2') continue
        const placement = graph.placement(port.id)
        if (!placement) continue
        const { remote_ip: remote, tunnel_key: key } = port.attributes
        const arriving = (from: string, tags: number[] = []) =>
          deliver(graph, rules, {
            where: placement.hypervisor,
            inPort: TUNNEL,
            packet: tunnelled(frame(0x0a0000000001n, BROADCAST, tags), from, BigInt(Number(key))),
          })
        const used =
          port.networkId === null ? works(graph, placement) : siteIn(graph, port.networkId)?.port.id === port.id
        const members = !used
          ? []
          : placements(graph).filter(
              (to) =>
                works(graph, to) &&
                (port.networkId === null ? to.port.id === port.id : to.port.networkId === port.networkId),
            )
        const { ports, beyond } = arriving(String(remote))
        delivered += ports.length
        if (!same(ports, idsOf(members)) || beyond.length > 0) return false
        // In a standalone port without a trunk, a tag belongs to the tenant and passes. Tagged frames never enter a
        // network.
        const tagged = arriving(String(remote), [104])
        if (tagged.wire.length + tagged.beyond.length > 0) return false
        if (!same(tagged.ports, port.networkId === null && port.trunk.length === 0 ? idsOf(members) : [])) return false
        const stranger = arriving('203.0.113.250')
        if (stranger.ports.length + stranger.wire.length + stranger.beyond.length > 0) return false
      }
      return true
    }),
    { numRuns: 1500 },
  )
  t.ok(delivered > 100, `${delivered} copies were delivered`)
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
            ...(isOfTrunk(from, vid) ? [] : [frame(own, BROADCAST, [vid])]),
            frame(own, BROADCAST, [vid, 100]),
            frame(own, BROADCAST, [...tagsOf(from), vid, 100]),
            frame(own, BROADCAST, [0]),
            ...(forged === own ? [] : [frame(forged, BROADCAST, tagsOf(from))]),
          ]
          for (const packet of bad) {
            tried += 1
            const { ports, wire, beyond } = deliver(graph, rules, {
              where: from.hypervisor,
              inPort: from.ofport,
              packet,
            })
            if (ports.length + wire.length + beyond.length > 0) return false
          }
        }
        return true
      },
    ),
    { numRuns: 1500 },
  )
  t.ok(tried > 1000, `${tried} bad frames were tried`)
})
