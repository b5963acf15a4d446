/** Table guard: a VNIC sends only what its engine says it may. */
import { called, type Domain, type Member, named, type PacketField } from './engine.ts'
import { GUARD } from './pipeline.ts'
import { is, SOURCE } from './registers.ts'
import { type Rule, rule } from './rule.ts'

/** One rule for each alternative of what the VNIC may send; all else is a miss, and dropped. */
export function admit(
  { port, vnic }: Member,
  domain: Domain,
  alternatives: ReadonlyArray<readonly PacketField[]>,
  forward: number,
): Rule[] {
  return alternatives.map((fields) =>
    rule({
      table: GUARD.number,
      priority: 100,
      match: [is(SOURCE, port.key), ...fields],
      goto: forward,
      author: port.key,
      why: `VNIC ${vnic.id} in port ${named(port)}: it sends to ${called(domain)} ${fields.length > 0 ? 'from its own address only' : 'whatever it likes'}`,
    }),
  )
}
