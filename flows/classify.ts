/** Table classify: in_port (and VLAN tag or tunnel key, from the fabric) -> network, source port, FROM_FABRIC. */
import type { Action, OxmField } from '../src/openflow/index.ts'
import type { Placement } from '../topology/graph.ts'
import type { Network } from '../topology/nodes.ts'
import { type Fabric, named } from './engine.ts'
import { CLASSIFY, GUARD } from './pipeline.ts'
import { FROM_FABRIC, SOURCE, set, setNetwork } from './registers.ts'
import { type Rule, rule } from './rule.ts'

/** `vlan_vid` as OpenFlow counts it: bit 12 says that a tag is there; 0 is an untagged frame. */
const UNTAGGED: OxmField = { field: 'vlan_vid', value: 0 }
const PRESENT = 0x1000

/** Frames of a VNIC: untagged ones are its network's, tagged ones are nobody's. */
export function fromVnic({ port, vnic, ofport }: Placement, network: Network): Rule {
  return rule({
    table: CLASSIFY.number,
    priority: 100,
    match: [{ field: 'in_port', value: ofport }, UNTAGGED],
    actions: [setNetwork(network.key), set(SOURCE, port.key)],
    goto: GUARD.number,
    author: port.key,
    why: `VNIC ${vnic.id} in port ${named(port)}: untagged frames from its interface belong to network ${named(network)}`,
  })
}

/** What is wanted for a port that is administratively down is a drop. */
export function adminDown({ port, vnic, ofport }: Placement): Rule {
  return rule({
    table: CLASSIFY.number,
    priority: 100,
    match: [{ field: 'in_port', value: ofport }],
    author: port.key,
    why: `VNIC ${vnic.id} in port ${named(port)}: the port is administratively down`,
  })
}

/** Frames of a network that come from the fabric. */
export function fromFabric(network: Network, fabric: Fabric, inPort: number, forward: number): Rule {
  const { match, actions, words } = wire(fabric)
  return rule({
    table: CLASSIFY.number,
    priority: 100,
    match: [{ field: 'in_port', value: inPort }, match],
    actions: [...actions, setNetwork(network.key), set(FROM_FABRIC, 1)],
    goto: forward,
    author: network.key,
    why: `network ${named(network)}: frames from the fabric with ${words} belong to it`,
  })
}

function wire(fabric: Fabric): { match: OxmField; actions: Action[]; words: string } {
  switch (fabric.kind) {
    case 'uplink':
      return {
        match: { field: 'vlan_vid', value: PRESENT | fabric.vlanId },
        actions: [{ type: 'pop_vlan' }],
        words: `VLAN ${fabric.vlanId}`,
      }
    case 'overlay':
      return {
        match: { field: 'tun_id', value: BigInt(fabric.tunnelKey) },
        actions: [],
        words: `tunnel key ${fabric.tunnelKey}`,
      }
  }
}
