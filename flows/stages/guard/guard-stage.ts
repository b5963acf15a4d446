/** Stage guard: a VNIC may send only what its engine allows. */
import { guardsOf } from '../../engines/checked.ts'
import { called, describeVnic } from '../../engines/engine-rules.ts'
import { is, SOURCE } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { MemberScope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import type { Table } from '../../pipeline/table.ts'

const GUARD = {
  number: 10,
  name: 'guard',
  does: 'Lets a VNIC send only frames that it may send, such as frames from its own address. Frames from the fabric do not pass this table.',
} as const satisfies Table

export const guard: Stage = {
  name: 'guard',
  does: 'drops what a VNIC must not send',
  tables: [GUARD],
  entry: { fromMember: () => GUARD.number },
  member: guards,
}

/** One rule for each kind of frame. A frame that matches none is dropped. */
function guards({ member, domain, rules, next }: MemberScope): Rule[] {
  return guardsOf(rules, member, domain).map(({ may, rank, match, what }) =>
    rule({
      table: GUARD.number,
      priority: 90 + 10 * rank,
      match: [is(SOURCE, member.port.key), ...match],
      ...(may === 'pass' ? { goto: next('fromMember', GUARD.number) } : {}),
      author: member.port.key,
      why: `${describeVnic(member)}: it ${may === 'pass' ? 'sends' : 'never sends'} to ${called(domain)} ${what}`,
    }),
  )
}
