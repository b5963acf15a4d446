/**
 * Table egress: (domain, target) -> output. Every rule names the domain, so a target of another one is a miss, and a miss is
 * a drop. Targets on the fabric also ask that the packet did not come from there (split horizon), and remote sites that it
 * came from none. That a packet never leaves by the port it came in by is OpenFlow's own rule for `output`.
 */
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
import {
  FROM_FABRIC,
  FROM_WIRE,
  inDomain,
  is,
  TARGET,
  TO_PEER,
  TO_PEERS,
  TO_UNKNOWN_FLOODING_PEERS,
  TO_UPLINK,
} from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import { EGRESS } from '../../pipeline/tables.ts'
import { FROM_NOWHERE, tunnelTo, withKey } from '../../pipeline/tunnel.ts'
import { TAGS } from '../classify/classify.ts'
import { limitTo, metered } from '../rate-limit/vnic-meters.ts'

/** Tunnel addresses of the other hypervisors of a domain. */
export interface Peers {
  /** Those with members. */
  readonly all: readonly string[]
  /** Those with members that ask for frames to unknown addresses. */
  readonly floodUnknown: readonly string[]
}

/** To a member of the domain on this switch. */
export function toMember(member: Member, domain: Domain): Rule {
  const { port, ofport, tag } = member
  const limit = limitTo(member)
  const why = `${describeMember(member)}: it receives what ${called(domain)} has for it${limit.words}`
  // Later copies of a flood are not to have the tag.
  const sent = tag === null ? [out(ofport)] : [...push(tag), out(ofport), POP]
  const actions = [...metered(limit), ...sent]
  // A meter that drops ends all that is done with a packet: without a clone, copies of a flood to others would go with it.
  const apart: Action[] = limit.meters.length > 0 ? [{ type: 'clone', actions }] : actions
  return { ...egress(domain, port.key, apart, port.key, why), meters: limit.meters }
}

/**
 * A VNIC whose port carries others tells them by their tags. So what comes with a tag of its own from the fabric of the port's
 * network, be it inside that network's tag, does not reach it.
 */
export function noForeignTags(member: Member, domain: Domain): Rule[] {
  const { port } = member
  if (port.trunk.length === 0) return []
  const why = `${describeMember(member)}: tags are those of its trunk, so it receives no tagged frames of ${called(domain)}`
  const tags: OxmField[] = [PRESENT, ...TAGS.map((value): OxmField => ({ field: 'eth_type', value }))]
  return tags.map((tag) => egress(domain, port.key, [], port.key, why, [tag], 110))
}

/** To the remote site that a port of the network leads to. */
export function toSite(port: Port, network: Network, { tunnelKey, remoteIp }: Wire, output: number): Rule {
  const why = `port ${named(port)}: what ${called(network)} has for the remote site leaves with tunnel key ${tunnelKey} for ${remoteIp}`
  const actions = [FROM_NOWHERE, withKey(tunnelKey), tunnelTo(remoteIp), out(output)]
  return egress(network, port.key, actions, port.key, why, [is(FROM_WIRE, 0)])
}

/**
 * To the fabric, with this domain's segment.
 * @param output the OpenFlow port that leads there
 * @param hasSite do frames come from a remote site here, which are for the peers, too?
 */
export function toFabric(domain: Domain, fabric: Fabric, output: number, peers: Peers, hasSite: boolean): Rule[] {
  const leaving = (target: number, actions: readonly Action[], words: string): Rule =>
    egress(domain, target, actions, domain.key, `${called(domain)}: ${words}`, [is(FROM_FABRIC, 0)])
  switch (fabric.kind) {
    case 'uplink':
    case 'routed': {
      if (fabric.vlanId === null)
        return [leaving(TO_UPLINK, [out(output)], 'leaves for the physical network without a tag')]
      return [
        leaving(
          TO_UPLINK,
          [...push(fabric.vlanId), out(output)],
          `leaves for the physical network with VLAN ${fabric.vlanId}`,
        ),
      ]
    }
    case 'wire': {
      const { tunnelKey, remoteIp } = fabric
      const actions = [withKey(tunnelKey), tunnelTo(remoteIp), out(output)]
      return [leaving(TO_UPLINK, actions, `leaves for ${remoteIp} with tunnel key ${tunnelKey}`)]
    }
    case 'overlay': {
      const key = [...(hasSite ? [FROM_NOWHERE] : []), withKey(fabric.tunnelKey)]
      const words = `leaves for one hypervisor with tunnel key ${fabric.tunnelKey}`
      const copies = (target: number, addresses: readonly string[], whom: string): Rule[] => {
        if (addresses.length === 0) return []
        const each = addresses.flatMap((address) => [tunnelTo(address), out(output)])
        return [
          leaving(
            target,
            [...key, ...each],
            `one copy to each other hypervisor with ${whom}, ${addresses.length} of them`,
          ),
        ]
      }
      return [
        ...(peers.all.length > 0 ? [leaving(TO_PEER, [...key, out(output)], words)] : []),
        ...copies(TO_PEERS, peers.all, 'members'),
        ...copies(TO_UNKNOWN_FLOODING_PEERS, peers.floodUnknown, 'members that ask for frames to unknown addresses'),
      ]
    }
  }
}

const push = (vlanId: number): Action[] => [
  { type: 'push_vlan', ethertype: 0x8100 },
  { type: 'set_field', field: 'vlan_vid', value: 0x1000 | vlanId },
]
const POP: Action = { type: 'pop_vlan' }
/** Any tag. */
const PRESENT: OxmField = { field: 'vlan_vid', value: 0x1000, mask: 0x1000 }

const out = (port: number): Action => ({ type: 'output', port })

function egress(
  domain: Domain,
  target: number,
  actions: readonly Action[],
  author: Rule['author'],
  why: string,
  further: readonly OxmField[] = [],
  priority = 100,
): Rule {
  const match = [inDomain(domain.key), is(TARGET, target), ...further]
  return rule({ table: EGRESS.number, priority, match, actions, author, why })
}
