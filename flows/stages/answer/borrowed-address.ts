/**
 * Addresses that a member may send as although they may be those of another member, such as the shared address of two routers.
 * Only the member that has such an address now may answer for it, so requests for it and announcements of it go to everybody.
 */
import type { OxmField } from '../../../src/openflow/index.ts'
import { borrowsOf } from '../../engines/checked.ts'
import { type Borrowed, called, describeVnic } from '../../engines/engine-rules.ts'
import { inDomain } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { DomainScope } from '../../pipeline/scope.ts'
import { ANSWER } from '../../pipeline/table.ts'
import { asks } from './known-address.ts'

/** One rule for each address or prefix that members borrow. It comes before all answers for addresses of members. */
export function goOnIfBorrowed({ domain, rules, audience, next }: DomainScope): Rule[] {
  const found = new Map<string, Rule>()
  for (const member of audience.borrowers()) {
    for (const borrowed of borrowsOf(rules, member, domain)) {
      const key = `${borrowed.family} ${borrowed.address} ${borrowed.mask}`
      if (found.has(key)) continue
      const one = rule({
        table: ANSWER.number,
        priority: 215,
        match: [inDomain(domain.key), ...asks(borrowed.family), ...target(borrowed)],
        goto: next('fromMember', ANSWER.number),
        author: domain.key,
        why: `${called(domain)}: ${describeVnic(member)} may have this address, so only its holder answers`,
      })
      found.set(key, one)
    }
  }
  return [...found.values()]
}

function target({ family, address, mask }: Borrowed): OxmField[] {
  if (mask === 0 || mask === 0n) return []
  return family === 4
    ? [{ field: 'arp_tpa', value: address, ...(mask === 0xffffffff ? {} : { mask }) }]
    : [{ field: 'nd_target', value: address, ...(mask === ALL_BITS ? {} : { mask }) }]
}

const ALL_BITS = (1n << 128n) - 1n
