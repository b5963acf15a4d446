/** Table classify: in_port (and VLAN tag or tunnel key, from the fabric) -> domain, source port, where it comes from. */
import type { Action, OxmField } from '../../../src/openflow/index.ts'
import type { Network, Port } from '../../../topology/model.ts'
import {
  called,
  type Domain,
  describeMember,
  type Fabric,
  type Member,
  named,
  type Wire,
} from '../../engines/engine-rules.ts'
import { FROM_FABRIC, FROM_WIRE, SOURCE, set, setDomain } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import { CLASSIFY, GUARD } from '../../pipeline/tables.ts'
import { tunnelFrom } from '../../pipeline/tunnel.ts'
import { learnSource } from '../forward/learn-site.ts'
import { limitFrom, metered } from '../rate-limit/vnic-meters.ts'

/** `vlan_vid` as OpenFlow counts it: bit 12 says that a tag is there; 0 is an untagged frame. */
const UNTAGGED: OxmField = { field: 'vlan_vid', value: 0 }
const PRESENT = 0x1000
const tagged = (vlanId: number): OxmField => ({ field: 'vlan_vid', value: PRESENT | vlanId })
/** The types of a tag (IEEE 802.1Q): where Open vSwitch looks at one tag, they are what follows it if there is another. */
export const TAGS = [0x8100, 0x88a8]
const POP: Action = { type: 'pop_vlan' }

/**
 * Frames of a VNIC: untagged ones are the domain's of its port, those under a tag of the port's trunk are the domain's of the
 * port that goes by that tag, other tagged ones are nobody's.
 */
export function fromVnic(member: Member, domain: Domain): Rule[] {
  const { port, ofport, tag } = member
  const limit = limitFrom(member)
  const from: OxmField[] = [{ field: 'in_port', value: ofport }, tag === null ? UNTAGGED : tagged(tag)]
  const base = { table: CLASSIFY.number, author: port.key }
  const words = tag === null ? 'untagged frames' : `frames with tag ${tag}`
  return [
    rule({
      ...base,
      priority: 100,
      match: from,
      // First, since OpenFlow before 1.5 has a meter there only.
      actions: [...metered(limit), ...(tag === null ? [] : [POP]), setDomain(domain.key), set(SOURCE, port.key)],
      goto: GUARD.number,
      why: `${describeMember(member)}: ${words} from its interface belong to ${called(domain)}${limit.words}`,
      meters: limit.meters,
    }),
    // A tag inside could be a way into a VLAN once the one outside is off.
    ...(tag === null ? [] : TAGS).map((value) =>
      rule({
        ...base,
        priority: 110,
        match: [...from, { field: 'eth_type', value }],
        why: `${describeMember(member)}: ${words} and another one inside are nobody's`,
      }),
    ),
  ]
}

/** What is wanted for a port that is administratively down is a drop. */
export function adminDown(member: Member): Rule {
  const { port, ofport, tag } = member
  return rule({
    table: CLASSIFY.number,
    priority: 100,
    match: [{ field: 'in_port', value: ofport }, ...(tag === null ? [] : [tagged(tag)])],
    author: port.key,
    why: `${describeMember(member)}: the port is administratively down`,
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
            match: [tagged(fabric.vlanId)],
            actions: [POP],
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
