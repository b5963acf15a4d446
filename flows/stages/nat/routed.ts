/** A network whose members are each known to a physical network by an address of their own, on one hypervisor. */

import { guardsOf, puntsOf, serversOf } from '../../engines/checked.ts'
import type { Domain, EngineRules, Member, Routed } from '../../engines/engine-rules.ts'
import type { Rule } from '../../pipeline/rule.ts'
import { ANSWER, NAT_OUT } from '../../pipeline/tables.ts'
import { answers, goesOn, puntToController } from '../answer/answer.ts'
import { fromVnic } from '../classify/classify.ts'
import { toFabric, toMember } from '../egress/egress.ts'
import { guardRules } from '../guard/guard.ts'
import { translationOf } from './checked-translation.ts'
import { inward } from './inward.ts'
import { gateway, outward } from './outward.ts'

const NOBODY = { all: [], floodUnknown: [] }

/** What its members share. @param output the OpenFlow port that leads to the physical network */
export const routedDomain = (rules: EngineRules, domain: Domain, fabric: Routed, output: number): Rule[] => [
  goesOn(domain, NAT_OUT.number),
  ...serversOf(rules, domain).flatMap((neighbour) => answers({ domain, neighbour, forward: NAT_OUT.number })),
  ...gateway(domain, fabric),
  ...toFabric(domain, fabric, output, NOBODY, false),
]

/** @throws EngineMistake */
export function routedMember(
  rules: EngineRules,
  member: Member,
  domain: Domain,
  fabric: Routed,
  output: number,
): Rule[] {
  const translation = translationOf(rules, domain, fabric, member)
  return [
    ...fromVnic(member, domain),
    ...guardRules(member, domain, guardsOf(rules, member, domain), ANSWER.number),
    ...puntsOf(rules, member, domain).map((question) => puntToController(member, domain, question)),
    ...outward(member, domain, fabric, translation, output),
    ...inward(member, domain, fabric, translation, output),
    toMember(member, domain),
  ]
}
