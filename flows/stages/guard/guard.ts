/** Table guard: a VNIC sends only what its engine says it may. */
import { called, type Domain, type Guard, type Member, named } from '../../engines/engine-rules.ts'
import { is, SOURCE } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import { GUARD } from '../../pipeline/tables.ts'

/** One rule for each kind of frame; what fits none is a miss, and dropped. @param next table for what may pass */
export function guardRules({ port, vnic }: Member, domain: Domain, guards: readonly Guard[], next: number): Rule[] {
  return guards.map(({ may, rank, match, what }) =>
    rule({
      table: GUARD.number,
      priority: 90 + 10 * rank,
      match: [is(SOURCE, port.key), ...match],
      ...(may === 'pass' ? { goto: next } : {}),
      author: port.key,
      why: `VNIC ${vnic.id} in port ${named(port)}: it ${may === 'pass' ? 'sends' : 'never sends'} to ${called(domain)} ${what}`,
    }),
  )
}
