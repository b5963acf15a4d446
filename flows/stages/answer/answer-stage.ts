/**
 * Stage answer: switches answer requests for known addresses, so these requests are not flooded. The controller answers
 * requests that a switch cannot answer.
 */
import { neighboursOf, puntsOf, serversOf } from '../../engines/checked.ts'
import { called, type Domain, describeVnic, type Member, type Punt } from '../../engines/engine-rules.ts'
import { inDomain, is, SOURCE, TARGET } from '../../pipeline/registers.ts'
import { TO_CONTROLLER } from '../../pipeline/reply.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { Scope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { ANSWER } from '../../pipeline/table.ts'
import { throughMeters } from '../../pipeline/vnic-meter.ts'
import type { AllWishes } from '../../pipeline/wishes.ts'
import { goOnIfBorrowed } from './borrowed-address.ts'
import { ADVERTISE, answersFor } from './known-address.ts'

export const answer: Stage = {
  name: 'answer',
  does: 'answers VNICs in the switch, or has the controller answer them',
  tables: [ANSWER, ADVERTISE],
  writes: [TARGET],
  punts: [ANSWER],
  entry: { fromMember: ({ rules }) => (isAsked(rules) ? ANSWER.number : undefined) },
  domain: (scope) => [
    ...(isAsked(scope.rules) ? [goesOn(scope)] : []),
    ...(isAsked(scope.rules) ? goOnIfBorrowed(scope) : []),
    ...serversOf(scope.rules, scope.domain).flatMap((neighbour) => answersFor(scope, { neighbour })),
  ],
  member: (scope) => {
    const { rules, member, domain, wishes } = scope
    return [
      ...puntsOf(rules, member, domain).map((punt) => puntToController(member, domain, punt, wishes)),
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

/** Can members of such domains get answers at all? */
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

/** A frame that the controller answers goes to the controller as a whole, within the limit, and nowhere else. */
function puntToController(member: Member, domain: Domain, { match, what }: Punt, wishes: AllWishes): Rule {
  const { port } = member
  const { meters, words } = wishes.limit(member, 'to controller')
  return rule({
    table: ANSWER.number,
    priority: 220,
    match: [is(SOURCE, port.key), ...match],
    actions: [...throughMeters(meters), TO_CONTROLLER],
    author: port.key,
    why: `${describeVnic(member)}: ${called(domain)} has the controller answer ${what}${words}`,
    meters,
  })
}
