/**
 * Stage guard: a VNIC may send only what its engine allows. What it must not send is counted, and the controller sees some of it,
 * because such a guest seems to have no network although everything is as it should be.
 */
import { guardsOf } from '../../engines/checked.ts'
import { called, describeVnic, type Member } from '../../engines/engine-rules.ts'
import { inDomain, is, SOURCE } from '../../pipeline/registers.ts'
import { TO_CONTROLLER } from '../../pipeline/reply.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { DomainScope, MemberScope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { REFUSED, type Table } from '../../pipeline/table.ts'
import { type MeterSpec, throughMeters } from '../../pipeline/vnic-meter.ts'

const GUARD = {
  number: 10,
  name: 'guard',
  does: 'Lets a VNIC send only frames that it may send, such as frames from its own address. Frames from the fabric do not pass this table.',
} as const satisfies Table

/** Limits the refused frames that the controller sees. With a meter for each VNIC, each plug would wait for a meter. */
const SEEN: MeterSpec = { id: 3, unit: 'pktps', rate: 20, burst: 20 }

export const guard: Stage = {
  name: 'guard',
  does: 'drops what a VNIC must not send, and counts it',
  tables: [GUARD, REFUSED],
  punts: [REFUSED],
  sharedMeter: SEEN,
  entry: { fromMember: () => GUARD.number },
  domain: others,
  member: (scope) => [...guards(scope), refused(scope.member)],
}

/** One rule for each kind of frame. */
function guards({ member, domain, rules, next }: MemberScope): Rule[] {
  return guardsOf(rules, member, domain).map(({ may, rank, match, what }) =>
    rule({
      table: GUARD.number,
      priority: 90 + 10 * rank,
      match: [is(SOURCE, member.port.key), ...match],
      goto: may === 'pass' ? next('fromMember', GUARD.number) : REFUSED.number,
      author: member.port.key,
      why: `${describeVnic(member)}: it ${may === 'pass' ? 'sends' : 'never sends'} to ${called(domain)} ${what}`,
    }),
  )
}

/** What no member of a domain sends. */
function others({ domain }: DomainScope): Rule[] {
  return [
    rule({
      table: GUARD.number,
      priority: 1,
      match: [inDomain(domain.key)],
      goto: REFUSED.number,
      author: domain.key,
      why: `${called(domain)}: its members send nothing else`,
    }),
  ]
}

const refused = (member: Member): Rule =>
  rule({
    table: REFUSED.number,
    priority: 100,
    match: [is(SOURCE, member.port.key)],
    actions: [...throughMeters([SEEN]), TO_CONTROLLER],
    author: member.port.key,
    why: `${describeVnic(member)}: what it must not send is counted, and the controller sees some of it`,
    meters: [SEEN],
    dropsUnmetered: true,
  })
