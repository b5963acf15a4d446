/** Frames to an address that nobody is known to have. Where there is a remote site, what was learned of it goes first. */
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
  does: 'Where a frame goes for whose address neither a VNIC nor a remote site is known.',
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
