/**
 * Stage arrival: an interface that waits at the target of a migration, while the VM still runs at the source. What it sends goes
 * nowhere, but its VNIC's own frames are shown to the controller: the first one tells that the VM runs here now.
 */
import { ownFramesOf } from '../../engines/checked.ts'
import { describeMember } from '../../engines/engine-rules.ts'
import { TO_CONTROLLER } from '../../pipeline/reply.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { ArrivalScope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { CLASSIFY, type Table } from '../../pipeline/table.ts'
import { throughMeters } from '../../pipeline/vnic-meter.ts'

const ARRIVAL = {
  number: 1,
  name: 'arrival',
  does: 'Shows the controller that the VM of an interface which waits at the target of a migration runs there now: it gets the own frames of the VNIC, at a limited rate. They go nowhere else.',
} as const satisfies Table

export const arrival: Stage = {
  name: 'arrival',
  does: 'notices that a VM which migrates runs at its target',
  tables: [ARRIVAL],
  rulesIn: [CLASSIFY],
  punts: [ARRIVAL],
  arriving,
}

function arriving({ member, rules, wishes }: ArrivalScope): Rule[] {
  const { port, ofport } = member
  const { meters, words } = wishes.limit(member, 'to controller')
  const from = { field: 'in_port', value: ofport } as const
  return [
    rule({
      table: CLASSIFY.number,
      priority: 100,
      match: [from],
      goto: ARRIVAL.number,
      author: port.key,
      why: `${describeMember(member)}: its interface waits for the end of a migration, and belongs to no network yet`,
    }),
    rule({
      table: ARRIVAL.number,
      priority: 100,
      match: [from, ...ownFramesOf(rules, member)],
      actions: [...throughMeters(meters), TO_CONTROLLER],
      author: port.key,
      why: `${describeMember(member)}: a frame of its own shows the controller that its VM runs here now${words}`,
      meters,
    }),
  ]
}
