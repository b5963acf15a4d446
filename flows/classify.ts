/** Table classify: in_port (and VLAN tag or tunnel key, from the fabric) -> domain, source port, where it comes from. */
import type { Action, OxmField } from '../src/openflow/index.ts'
import type { Network, Port } from '../topology/nodes.ts'
import { called, type Domain, type Fabric, type Member, named, type Wire } from './engine.ts'
import { learnSource } from './learn.ts'
import { CLASSIFY, GUARD } from './pipeline.ts'
import { limitFrom, metered } from './rate-limit.ts'
import { FROM_FABRIC, FROM_WIRE, SOURCE, set, setDomain } from './registers.ts'
import { type Rule, rule } from './rule.ts'
import { tunnelFrom } from './tunnel.ts'

/** `vlan_vid` as OpenFlow counts it: bit 12 says that a tag is there; 0 is an untagged frame. */
const UNTAGGED: OxmField = { field: 'vlan_vid', value: 0 }
const PRESENT = 0x1000

/** Frames of a VNIC: untagged ones are its domain's, tagged ones are nobody's. */
export function fromVnic(member: Member, domain: Domain): Rule {
  const { port, vnic, ofport } = member
  const limit = limitFrom(member)
  return rule({
    table: CLASSIFY.number,
    priority: 100,
    match: [{ field: 'in_port', value: ofport }, UNTAGGED],
    // First, since OpenFlow before 1.5 has a meter there only.
    actions: [...metered(limit), setDomain(domain.key), set(SOURCE, port.key)],
    goto: GUARD.number,
    author: port.key,
    why: `VNIC ${vnic.id} in port ${named(port)}: untagged frames from its interface belong to ${called(domain)}${limit.words}`,
    meters: limit.meters,
  })
}

/** What is wanted for a port that is administratively down is a drop. */
export function adminDown({ port, vnic, ofport }: Member): Rule {
  return rule({
    table: CLASSIFY.number,
    priority: 100,
    match: [{ field: 'in_port', value: ofport }],
    author: port.key,
    why: `VNIC ${vnic.id} in port ${named(port)}: the port is administratively down`,
  })
}

/** Frames of a domain that come from the fabric. */
export function fromFabric(domain: Domain, fabric: Fabric, inPort: number, forward: number): Rule {
  const { match, actions, words } = arriving(fabric)
  return rule({
    table: CLASSIFY.number,
    // A tunnel key from one remote end is another thing than the same key from anybody.
    priority: fabric.kind === 'wire' ? 110 : 100,
    match: [{ field: 'in_port', value: inPort }, ...match],
    actions: [...actions, setDomain(domain.key), set(FROM_FABRIC, 1)],
    goto: forward,
    author: domain.key,
    why: `${called(domain)}: frames from the fabric with ${words} belong to it`,
  })
}

/**
 * Frames that a remote site has for a network: untagged ones, as of its VNICs, for on an untagged physical network a tag would
 * be a way into a VLAN. Where each of its addresses is will be known from then on. */
export function fromSite(port: Port, network: Network, wire: Wire, inPort: number, forward: number): Rule {
  const { match, words } = arriving(wire)
  return rule({
    table: CLASSIFY.number,
    priority: 110,
    match: [{ field: 'in_port', value: inPort }, UNTAGGED, ...match],
    actions: [setDomain(network.key), set(FROM_WIRE, 1), learnSource(port)],
    goto: forward,
    author: port.key,
    why: `port ${named(port)}: untagged frames of the remote site with ${words} belong to ${called(network)}`,
  })
}

function arriving(fabric: Fabric): { match: OxmField[]; actions: Action[]; words: string } {
  switch (fabric.kind) {
    case 'uplink':
    case 'routed':
      return fabric.vlanId === null
        ? { match: [UNTAGGED], actions: [], words: 'no tag' }
        : {
            match: [{ field: 'vlan_vid', value: PRESENT | fabric.vlanId }],
            actions: [{ type: 'pop_vlan' }],
            words: `VLAN ${fabric.vlanId}`,
          }
    case 'overlay':
      return {
        match: [{ field: 'tun_id', value: BigInt(fabric.tunnelKey) }],
        actions: [],
        words: `tunnel key ${fabric.tunnelKey}`,
      }
    case 'wire':
      return {
        match: [{ field: 'tun_id', value: BigInt(fabric.tunnelKey) }, tunnelFrom(fabric.remoteIp)],
        actions: [],
        words: `tunnel key ${fabric.tunnelKey} from ${fabric.remoteIp}`,
      }
  }
}
