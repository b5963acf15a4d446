/**
 * Table egress: (network, target) -> output. Every rule names the network, so a target of another network is a miss, and a
 * miss is a drop. Targets on the fabric also ask that the packet did not come from there (split horizon). That a packet
 * never leaves by the port it came in by is OpenFlow's own rule for `output`.
 */
import type { Action } from '../src/openflow/index.ts'
import type { Placement } from '../topology/graph.ts'
import type { Network } from '../topology/nodes.ts'
import { type Fabric, named } from './engine.ts'
import { EGRESS } from './pipeline.ts'
import { FROM_FABRIC, inNetwork, is, TARGET, TO_PEER, TO_PEERS, TO_UPLINK } from './registers.ts'
import { type Rule, rule } from './rule.ts'

/** To a member of the network on this switch. */
export function toMember({ port, vnic, ofport }: Placement, network: Network): Rule {
  return rule({
    table: EGRESS.number,
    priority: 100,
    match: [inNetwork(network.key), is(TARGET, port.key)],
    actions: [{ type: 'output', port: ofport }],
    author: port.key,
    why: `VNIC ${vnic.id} in port ${named(port)}: it receives what network ${named(network)} has for it`,
  })
}

/**
 * To the fabric, with this network's segment.
 * @param output the OpenFlow port that leads there
 * @param peers tunnel addresses (IPv4, as numbers) of the hypervisors that have members; for an uplink, none
 */
export function toFabric(network: Network, fabric: Fabric, output: number, peers: readonly number[]): Rule[] {
  const out: Action = { type: 'output', port: output }
  switch (fabric.kind) {
    case 'uplink': {
      const tag: Action[] = [
        { type: 'push_vlan', ethertype: 0x8100 },
        { type: 'set_field', field: 'vlan_vid', value: 0x1000 | fabric.vlanId },
      ]
      return [leaving(network, TO_UPLINK, [...tag, out], `leaves for the physical network with VLAN ${fabric.vlanId}`)]
    }
    case 'overlay': {
      if (peers.length === 0) return []
      const key: Action = { type: 'set_field', field: 'tun_id', value: BigInt(fabric.tunnelKey) }
      const copies = peers.flatMap((address): Action[] => [
        { type: 'set_field', field: 'tun_dst', value: address },
        out,
      ])
      return [
        leaving(network, TO_PEER, [key, out], `leaves for one hypervisor with tunnel key ${fabric.tunnelKey}`),
        leaving(
          network,
          TO_PEERS,
          [key, ...copies],
          `one copy to each other hypervisor with members, ${peers.length} of them`,
        ),
      ]
    }
  }
}

function leaving(network: Network, target: number, actions: Action[], words: string): Rule {
  return rule({
    table: EGRESS.number,
    priority: 100,
    match: [inNetwork(network.key), is(TARGET, target), is(FROM_FABRIC, 0)],
    actions,
    author: network.key,
    why: `network ${named(network)}: ${words}`,
  })
}
