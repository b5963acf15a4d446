/**
 * Stage egress: (domain, target) -> output. Every rule matches the domain. So a target of another domain matches nothing, and
 * the packet is dropped. A rule for a target on the fabric also requires that the packet did not come from the fabric (split
 * horizon). A rule for a remote site requires that the packet did not come from a remote site. OpenFlow itself never outputs a
 * packet to the port that it came in through.
 */
import type { Action, OxmField } from '../../../src/openflow/index.ts'
import { called, type Domain, describeMember, named } from '../../engines/engine-rules.ts'
import { FROM_FABRIC, FROM_WIRE, inDomain, is, TARGET } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { DomainScope, MemberScope, SiteScope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { EGRESS } from '../../pipeline/table.ts'
import { throughMeters } from '../../pipeline/vnic-meter.ts'

export const egress: Stage = {
  name: 'egress',
  does: 'sends a packet to its target, if packets of its network may go there',
  tables: [EGRESS],
  entry: { toTarget: () => EGRESS.number },
  domain: toFabric,
  member: toMember,
  site: toSite,
}

function toMember({ member, domain, wishes }: MemberScope): Rule[] {
  const { port, ofport } = member
  const framing = wishes.framing(member)
  const limit = wishes.limit(member, 'receives')
  const out: Action = { type: 'output', port: ofport }
  // Later copies of a flood must be plain frames again.
  const sent = framing ? [...framing.wrap, out, ...framing.unwrap] : [out]
  const actions = [...throughMeters(limit.meters), ...sent]
  // A meter that drops a packet ends the whole processing of the packet. In a clone it does not stop the other copies of a
  // flood.
  const apart: Action[] = limit.meters.length > 0 ? [{ type: 'clone', actions }] : actions
  const why = `${describeMember(member)}: it receives what ${called(domain)} has for it${limit.words}`
  return [{ ...leaving(domain, port.key, apart, port.key, why), meters: limit.meters }]
}

function toFabric(scope: DomainScope): Rule[] {
  const { domain, fabric, kind } = scope
  return kind
    .leaving(scope, fabric)
    .map(({ target, actions, words }) =>
      leaving(domain, target, actions, domain.key, `${called(domain)}: ${words}`, [is(FROM_FABRIC, 0)]),
    )
}

function toSite({ port, network, way }: SiteScope): Rule[] {
  const departure = way.kind.toSite?.(way.fabric, way.output)
  if (!departure) return []
  const why = `port ${named(port)}: what ${called(network)} has for the remote site ${departure.words}`
  return [leaving(network, port.key, departure.actions, port.key, why, [is(FROM_WIRE, 0)])]
}

function leaving(
  domain: Domain,
  target: number,
  actions: readonly Action[],
  author: Rule['author'],
  why: string,
  further: readonly OxmField[] = [],
): Rule {
  const match = [inDomain(domain.key), is(TARGET, target), ...further]
  return rule({ table: EGRESS.number, priority: 100, match, actions, author, why })
}
