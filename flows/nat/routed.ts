/** A network whose members are each known to a physical network by an address of their own, on one hypervisor. */
import { answers, asksController, goesOn } from '../answer.ts'
import { guardsOf, questionsOf, serversOf } from '../checks.ts'
import { fromVnic } from '../classify.ts'
import { toFabric, toMember } from '../egress.ts'
import type { Domain, EngineRules, Member, Routed } from '../engine.ts'
import { guardRules } from '../guard.ts'
import { ANSWER, NAT_OUT } from '../pipeline.ts'
import type { Rule } from '../rule.ts'
import { translationOf } from './checks.ts'
import { inward } from './inward.ts'
import { gateway, outward } from './outward.ts'

const NOBODY = { all: [], asking: [] }

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
    ...questionsOf(rules, member, domain).map((question) => asksController(member, domain, question)),
    ...outward(member, domain, fabric, translation, output),
    ...inward(member, domain, fabric, translation, output),
    toMember(member, domain),
  ]
}
