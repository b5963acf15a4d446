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

type Family = Borrowed['family']

/** The most rules of one family. With more addresses, switches answer for no address of the family: that is always safe. */
const MAX_RULES = 256

/** Rules for all addresses that members borrow. They come before all answers for addresses of members. */
export function goOnIfBorrowed(scope: DomainScope): Rule[] {
  const { domain, rules, audience } = scope
  const found = { 4: new Map<string, Rule>(), 6: new Map<string, Rule>() }
  /** For each family of which everything may be borrowed, the rule for that. */
  const all = new Map<Family, Rule>()
  for (const member of audience.borrowers()) {
    for (const borrowed of borrowsOf(rules, member, domain)) {
      const { family, address, mask } = borrowed
      const [ofFamily, key] = [found[family], `${address}/${mask}`]
      if (all.has(family) || ofFamily.has(key)) continue
      if (BigInt(mask) === 0n || ofFamily.size === MAX_RULES)
        all.set(family, goesOn(scope, family, [], `${describeVnic(member)} and others may have any address`))
      else ofFamily.set(key, goesOn(scope, family, [target(borrowed)], `${describeVnic(member)} may have this address`))
    }
  }
  return ([4, 6] as const).flatMap((family) => all.get(family) ?? [...found[family].values()])
}

const goesOn = ({ domain, next }: DomainScope, family: Family, targets: readonly OxmField[], why: string): Rule =>
  rule({
    table: ANSWER.number,
    priority: 215,
    match: [inDomain(domain.key), ...asks(family), ...targets],
    goto: next('fromMember', ANSWER.number),
    author: domain.key,
    why: `${called(domain)}: ${why}, so only its holder answers`,
  })

const target = ({ family, address, mask }: Borrowed): OxmField =>
  family === 4
    ? { field: 'arp_tpa', value: address, ...(mask === 0xffffffff ? {} : { mask }) }
    : { field: 'nd_target', value: address, ...(mask === ALL_BITS ? {} : { mask }) }

const ALL_BITS = (1n << 128n) - 1n
