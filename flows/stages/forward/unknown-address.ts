/**
 * Frames to an address that no member is known to have. If the network has a remote site, learned addresses are looked up
 * first.
 */
import { called } from '../../engines/engine-rules.ts'
import { inDomain, is, TARGET } from '../../pipeline/registers.ts'
import { type Rule, resubmit, rule } from '../../pipeline/rule.ts'
import type { Table } from '../../pipeline/table.ts'
import { type Base, copies } from './copies.ts'
import type { ForwardScope } from './forward-scope.ts'
import { LEARNED } from './learn-site.ts'

export const UNKNOWN = {
  number: 57,
  name: 'unknown',
  does: 'Decides where frames go whose destination address neither a VNIC nor a remote site is known to have.',
} as const satisfies Table

export function toUnknown(scope: ForwardScope, base: Base): Rule[] {
  const { domain, audience, next } = scope
  const floodUnknown = audience.members().filter(({ port }) => port.floodUnknown)
  const site = audience.site()
  if (!site) return copies(scope, base, floodUnknown, 'unknown')
  const there = { ...base, table: UNKNOWN.number }
  return [
    rule({ ...base, actions: [resubmit(LEARNED.number)], goto: UNKNOWN.number }),
    rule({
      ...there,
      priority: 100,
      match: [inDomain(domain.key), is(TARGET, site.port.key)],
      goto: next('toTarget', UNKNOWN.number),
      why: `${called(domain)}: an address that was learned to be at the remote site`,
    }),
    ...copies(scope, { ...there, priority: 50, match: [inDomain(domain.key)] }, floodUnknown, 'unknown'),
  ]
}
