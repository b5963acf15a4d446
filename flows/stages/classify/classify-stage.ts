/** Stage classify: in_port (and VLAN tag or tunnel key, from the fabric) -> domain, source port, where the packet comes from. */
import type { OxmField } from '../../../src/openflow/index.ts'
import { called, describeMember, type Member, named } from '../../engines/engine-rules.ts'
import { overlayFabric } from '../../fabrics/overlay-fabric.ts'
import { uplinkFabric } from '../../fabrics/uplink-fabric.ts'
import { wireFabric } from '../../fabrics/wire-fabric.ts'
import { DOMAIN, FROM_FABRIC, FROM_WIRE, SOURCE, set, setDomain } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { DomainScope, MemberScope, SiteScope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { CLASSIFY, REFUSED } from '../../pipeline/table.ts'
import { UNTAGGED } from '../../pipeline/vlan-tag.ts'
import { throughMeters } from '../../pipeline/vnic-meter.ts'
import type { AllWishes } from '../../pipeline/wishes.ts'

export const classify: Stage = {
  name: 'classify',
  does: 'finds the network and the source port of a packet',
  tables: [CLASSIFY],
  registers: [DOMAIN, SOURCE, FROM_FABRIC, FROM_WIRE],
  fabrics: [uplinkFabric, overlayFabric, wireFabric],
  domain: fromFabric,
  member: fromVnic,
  memberDown: drop,
  site: fromSite,
}

/** Frames that the VNIC sends. They have no tag, unless a stage frames this member's in another way. */
function fromVnic({ member, domain, wishes, next }: MemberScope): Rule[] {
  const { port, ofport } = member
  const framing = wishes.framing(member)
  const limit = wishes.limit(member, 'sends')
  const words = framing?.words ?? 'untagged frames'
  const others = rule({
    table: CLASSIFY.number,
    priority: 1,
    match: [{ field: 'in_port', value: ofport }],
    actions: [set(SOURCE, port.key)],
    goto: REFUSED.number,
    author: port.key,
    why: `${describeMember(member)}: frames with other tags belong to no network`,
  })
  return [
    rule({
      table: CLASSIFY.number,
      priority: 100,
      match: [{ field: 'in_port', value: ofport }, ...(framing?.match ?? [UNTAGGED])],
      // Meters come first, because OpenFlow before 1.5 allows a meter only there.
      actions: [
        ...throughMeters(limit.meters),
        ...(framing?.unwrap ?? []),
        setDomain(domain.key),
        set(SOURCE, port.key),
      ],
      goto: next('fromMember', CLASSIFY.number),
      author: port.key,
      why: `${describeMember(member)}: ${words} from its interface belong to ${called(domain)}${limit.words}`,
      meters: limit.meters,
    }),
    // The interface is that of the port whose frames are untagged.
    ...(framing ? [] : [others]),
  ]
}

/** The rule for a port that is administratively down drops its frames. It shows operators that the port is known. */
function drop(member: Member, wishes: AllWishes): Rule[] {
  const { port, ofport } = member
  const match: OxmField[] = [{ field: 'in_port', value: ofport }, ...(wishes.framing(member)?.match ?? [])]
  const why = `${describeMember(member)}: the port is administratively down`
  return [rule({ table: CLASSIFY.number, priority: 100, match, author: port.key, why })]
}

function fromFabric({ domain, fabric, kind, output, next }: DomainScope): Rule[] {
  if (!kind.isEthernet) return []
  const { match, actions, words, priority } = kind.arriving(fabric)
  return [
    rule({
      table: CLASSIFY.number,
      priority,
      match: [{ field: 'in_port', value: output }, ...match],
      actions: [...actions, setDomain(domain.key), set(FROM_FABRIC, 1)],
      goto: next('fromFabric', CLASSIFY.number),
      author: domain.key,
      why: `${called(domain)}: frames from the fabric with ${words} belong to it`,
    }),
  ]
}

/**
 * Frames that a remote site sends to a network. Only untagged frames are accepted, as from VNICs: on an untagged physical
 * network, a tag would lead into a VLAN.
 */
function fromSite({ port, network, way, wishes, next }: SiteScope): Rule[] {
  const { match, words, priority } = way.kind.arriving(way.fabric)
  return [
    rule({
      table: CLASSIFY.number,
      priority,
      match: [{ field: 'in_port', value: way.output }, UNTAGGED, ...match],
      actions: [setDomain(network.key), set(FROM_WIRE, 1), ...wishes.fromSite(port)],
      goto: next('fromFabric', CLASSIFY.number),
      author: port.key,
      why: `port ${named(port)}: untagged frames of the remote site with ${words} belong to ${called(network)}`,
    }),
  ]
}
