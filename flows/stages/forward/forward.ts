/** Table forward of an engine: typed targets -> rules. This is the only hand that writes `target`. */
import type { Action } from '../../../src/openflow/index.ts'
import type { Graph, Placement } from '../../../topology/graph.ts'
import type { Key } from '../../../topology/ids.ts'
import type { Hypervisor } from '../../../topology/model.ts'
import { memberKey, peerAddress } from '../../engines/checked.ts'
import { called, type Domain, type Fabric, type Forward } from '../../engines/engine-rules.ts'
import {
  CHUNK,
  inDomain,
  is,
  set,
  TARGET,
  TO_PEER,
  TO_PEERS,
  TO_UNKNOWN_FLOODING_PEERS,
  TO_UPLINK,
} from '../../pipeline/registers.ts'
import { type Rule, resubmit, rule } from '../../pipeline/rule.ts'
import { EGRESS, type EngineTables, LEARNED, UNKNOWN } from '../../pipeline/tables.ts'
import { tunnelTo } from '../../pipeline/tunnel.ts'
import type { Peers } from '../egress/egress.ts'

/**
 * Copies that one rule may hold: 32 octets each, and a rule stays under 60,000 octets, since OVS accepts a larger one but
 * never shows it in a dump again.
 */
export const COPIES_PER_RULE = 1500

interface Context {
  readonly graph: Graph
  readonly here: Hypervisor
  /** Of the engine that speaks. */
  readonly alias: string
  readonly domain: Domain
  readonly author: Key
  readonly tables: EngineTables
  /** The members on this switch, in order. */
  members(): readonly Placement[]
  /** The way to the fabric, and whom one meets there. */
  readonly fabric: Fabric
  readonly peers: Peers
  /** The port here that leads to the network's remote site. */
  readonly site: Placement | undefined
}

type Base = Omit<Parameters<typeof rule>[0], 'actions' | 'goto'>

/** @throws EngineMistake if the target is none that the engine may name there */
export function forwardRules(context: Context, forward: Forward): Rule[] {
  const { domain, author, tables } = context
  const { priority, match, target, why } = forward
  const base = { table: tables.forward, priority, match: [inDomain(domain.key), ...match], author, why }
  switch (target.to) {
    case 'member':
      return [rule({ ...base, actions: [set(TARGET, memberKey(context, target))], goto: EGRESS.number })]
    case 'peer': {
      const actions = [tunnelTo(peerAddress(context, target)), set(TARGET, TO_PEER)]
      return [rule({ ...base, actions, goto: EGRESS.number })]
    }
    case 'uplink':
      return [rule({ ...base, actions: [set(TARGET, TO_UPLINK)], goto: EGRESS.number })]
    case 'everybody':
      return copies(context, base, context.members(), beyond(context))
    case 'unknown':
      return unknown(context, base)
  }
}

/** Who may have an address that nobody is known to have. Where there is a remote site, what was learned of it goes first. */
function unknown(context: Context, base: Base): Rule[] {
  const { domain, site } = context
  const floodUnknown = context.members().filter(({ port }) => port.floodUnknown)
  if (!site) return copies(context, base, floodUnknown, beyondUnknown(context))
  const there = { ...base, table: UNKNOWN.number }
  return [
    rule({ ...base, actions: [resubmit(LEARNED.number)], goto: UNKNOWN.number }),
    rule({
      ...there,
      priority: 100,
      match: [inDomain(domain.key), is(TARGET, site.port.key)],
      goto: EGRESS.number,
      why: `${called(domain)}: an address that was learned to be at the remote site`,
    }),
    ...copies(context, { ...there, priority: 50, match: [inDomain(domain.key)] }, floodUnknown, beyondUnknown(context)),
  ]
}

/** The target that stands for all others beyond the fabric. */
function beyond({ fabric, peers }: Context): number | undefined {
  if (fabric.kind !== 'overlay') return TO_UPLINK
  return peers.all.length > 0 ? TO_PEERS : undefined
}

/** The one for those there who may have an address that nobody is known to have. */
function beyondUnknown({ fabric, peers }: Context): number | undefined {
  if (fabric.kind !== 'overlay') return TO_UPLINK
  return peers.floodUnknown.length > 0 ? TO_UNKNOWN_FLOODING_PEERS : undefined
}

/**
 * A copy to each of these members, one table look-up a copy; the fabric last, since a tag once pushed stays, and remote sites
 * next to last, for a tunnel's key does not matter where it is set anew.
 */
function copies(context: Context, base: Base, members: readonly Placement[], last: number | undefined): Rule[] {
  const { domain, author, tables } = context
  const ordered = [...members.filter(({ vnic }) => vnic), ...members.filter(({ vnic }) => !vnic)]
  const targets = ordered.map(({ port }): number => port.key)
  if (last !== undefined && targets.length === 0)
    return [rule({ ...base, actions: [set(TARGET, last)], goto: EGRESS.number })]
  const end = last === undefined ? [] : copy(last)
  if (targets.length === 0) return []
  if (targets.length <= COPIES_PER_RULE) return [rule({ ...base, actions: [...targets.flatMap(copy), ...end] })]

  const chunks: Action[][] = []
  for (let at = 0; at < targets.length; at += COPIES_PER_RULE)
    chunks.push(targets.slice(at, at + COPIES_PER_RULE).flatMap(copy))
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

const copy = (target: number): Action[] => [set(TARGET, target), resubmit(EGRESS.number)]
