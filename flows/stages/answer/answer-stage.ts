/**
 * Stage answer: switches say who has an address, so that nobody else has to be asked; and the controller answers what is too hard
 * for a switch.
 */
import { neighboursOf, puntsOf, serversOf } from '../../engines/checked.ts'
import { called, type Domain, describeVnic, type Member, type Punt } from '../../engines/engine-rules.ts'
import { inDomain, is, SOURCE, TARGET } from '../../pipeline/registers.ts'
import { TO_CONTROLLER } from '../../pipeline/reply.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { Scope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { ANSWER } from '../../pipeline/table.ts'
import { type MeterSpec, meterId, throughMeters, type VnicMeter } from '../../pipeline/vnic-meter.ts'
import { ADVERTISE, answersFor } from './known-address.ts'

const TO_CONTROLLER_METER: VnicMeter = {
  name: 'to-controller',
  slot: 2,
  limits: 'frames of the VNIC that the controller answers',
}
/**
 * Packets of one VNIC, a second and at once: what a client sends when it starts, several times over. The controller can answer
 * more than a thousand VNICs that all send as much.
 */
const MAX_PUNTS = { rate: 20, burst: 20 } as const

export const answer: Stage = {
  name: 'answer',
  does: 'answers VNICs in the switch, or has the controller answer them',
  tables: [ANSWER, ADVERTISE],
  writes: [TARGET],
  meters: [TO_CONTROLLER_METER],
  punts: [ANSWER],
  entry: { fromMember: ({ rules }) => (isAsked(rules) ? ANSWER.number : undefined) },
  domain: (scope) => [
    ...(isAsked(scope.rules) ? [goesOn(scope)] : []),
    ...serversOf(scope.rules, scope.domain).flatMap((neighbour) => answersFor(scope, { neighbour })),
  ],
  member: (scope) => {
    const { rules, member, domain } = scope
    return [
      ...puntsOf(rules, member, domain).map((punt) => puntToController(member, domain, punt)),
      ...neighboursOf(rules, member, domain).flatMap((neighbour) =>
        answersFor(scope, { member, neighbour, isHere: true }),
      ),
    ]
  },
  remote: (scope) =>
    neighboursOf(scope.rules, scope.member, scope.domain).flatMap((neighbour) =>
      answersFor(scope, { member: scope.member, neighbour }),
    ),
}

/** Are the members of its domains answered anything? */
const isAsked = ({ neighbours, servers, punts }: Scope['rules']): boolean =>
  neighbours !== undefined || servers !== undefined || punts !== undefined

const goesOn = ({ domain, next }: Scope): Rule =>
  rule({
    table: ANSWER.number,
    priority: 0,
    match: [inDomain(domain.key)],
    goto: next('fromMember', ANSWER.number),
    author: domain.key,
    why: `${called(domain)}: what is no question, or has no known answer, goes on`,
  })

/** A frame that the controller answers goes there whole, as often as the limit allows, and nowhere else. */
function puntToController(member: Member, domain: Domain, { match, what }: Punt): Rule {
  const { port, ofport } = member
  const limit: MeterSpec = { id: meterId(ofport, TO_CONTROLLER_METER), unit: 'pktps', ...MAX_PUNTS }
  return rule({
    table: ANSWER.number,
    priority: 220,
    match: [is(SOURCE, port.key), ...match],
    actions: [...throughMeters([limit]), TO_CONTROLLER],
    author: port.key,
    why: `${describeVnic(member)}: ${called(domain)} has the controller answer ${what}, ${limit.rate} a second at most`,
    meters: [limit],
  })
}
