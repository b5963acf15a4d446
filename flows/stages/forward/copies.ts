/** Copies of a frame. Each copy is one table look-up. A long list is split into several rules. */
import type { Action } from '../../../src/openflow/index.ts'
import type { Placement } from '../../../topology/placement.ts'
import { inDomain, is, type Register, set, TARGET } from '../../pipeline/registers.ts'
import { type Rule, resubmit, rule } from '../../pipeline/rule.ts'
import { ENGINE_RANGE } from '../../pipeline/table.ts'
import type { ForwardScope } from './forward-scope.ts'

/**
 * The most copies in one rule. Each takes 32 octets, and a rule must stay below 60,000 octets: OVS accepts a larger rule, but
 * never shows it in a dump again.
 */
export const MAX_COPIES_PER_RULE = 1500

export const CHUNK = {
  name: 'chunk',
  field: 'reg3',
  offset: 0,
  bits: 16,
  lives: [ENGINE_RANGE.first, 57],
  holds: 'which part of a long flood list is being worked through',
} as const satisfies Register

export type Base = Omit<Parameters<typeof rule>[0], 'actions' | 'goto'>

/**
 * Sends a copy to each of these members, then one copy to the fabric. The fabric comes last, because a pushed tag stays on the
 * packet. Remote sites come before the fabric, because every rule for a tunnel sets the key again.
 */
export function copies(
  scope: ForwardScope,
  base: Base,
  members: readonly Placement[],
  whom: 'everybody' | 'unknown',
): Rule[] {
  const { domain, author, tables, audience, kind } = scope
  const last = kind.beyond(audience, whom)
  const goto = scope.next('toTarget', base.table)
  const ordered = [...members.filter(({ vnic }) => vnic), ...members.filter(({ vnic }) => !vnic)]
  const targets = ordered.map(({ port }): number => port.key)
  if (targets.length === 0) return last === undefined ? [] : [rule({ ...base, actions: [set(TARGET, last)], goto })]
  const copy = (target: number): Action[] => [set(TARGET, target), resubmit(goto)]
  const end = last === undefined ? [] : copy(last)
  if (targets.length <= MAX_COPIES_PER_RULE) return [rule({ ...base, actions: [...targets.flatMap(copy), ...end] })]

  const chunks: Action[][] = []
  for (let at = 0; at < targets.length; at += MAX_COPIES_PER_RULE)
    chunks.push(targets.slice(at, at + MAX_COPIES_PER_RULE).flatMap(copy))
  const turns = chunks.flatMap((_, index) => [set(CHUNK, index), resubmit(tables.flood)])
  return [
    rule({ ...base, actions: [...turns, ...end] }),
    ...chunks.map((actions, index) =>
      rule({
        table: tables.flood,
        priority: 100,
        match: [inDomain(domain.key), is(CHUNK, index)],
        actions,
        author,
        why: `${base.why}, part ${index + 1} of ${chunks.length}`,
      }),
    ),
  ]
}
