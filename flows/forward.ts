/** Table forward of an engine: typed targets -> rules. This is the only hand that writes `target`. */
import { type Action, ipv4 } from '../src/openflow/index.ts'
import type { Placement } from '../topology/graph.ts'
import type { Key } from '../topology/ids.ts'
import type { Network } from '../topology/nodes.ts'
import type { Fabric, Forward, Target } from './engine.ts'
import { EGRESS, type EngineTables } from './pipeline.ts'
import { CHUNK, inNetwork, is, set, TARGET, TO_PEER, TO_PEERS, TO_UPLINK } from './registers.ts'
import { type Rule, resubmit, rule } from './rule.ts'

/**
 * Copies that one rule may hold: 32 octets each, and a rule stays under 60,000 octets, since OVS accepts a larger one but
 * never shows it in a dump again.
 */
export const COPIES_PER_RULE = 1500

interface Context {
  readonly network: Network
  readonly author: Key
  readonly tables: EngineTables
  /** The members on this switch, in order. */
  members(): readonly Placement[]
  /** The way to the fabric, or null if nobody is there to reach. */
  readonly fabric: Fabric | null
}

export function forwardRules(context: Context, forward: Forward): Rule[] {
  const { network, author, tables } = context
  const { priority, match, why } = forward
  const base = { table: tables.forward, priority, match: [inNetwork(network.key), ...match], author, why }
  if (forward.target.to !== 'flood') return [rule({ ...base, actions: single(forward.target), goto: EGRESS.number })]
  return flood(context, base, forward.target.fabric)
}

/** One target: name it, go to egress. */
function single(target: Exclude<Target, { to: 'flood' }>): Action[] {
  switch (target.to) {
    case 'member':
      return [set(TARGET, target.member.port.key)]
    case 'uplink':
      return [set(TARGET, TO_UPLINK)]
    case 'peer':
      return [{ type: 'set_field', field: 'tun_dst', value: ipv4(target.peer.encapIp ?? '') }, set(TARGET, TO_PEER)]
  }
}

/** A copy to each member here, one table look-up a copy; the fabric last, since a tag once pushed stays. */
function flood(context: Context, base: Omit<Parameters<typeof rule>[0], 'actions'>, toFabric: boolean): Rule[] {
  const { network, author, tables, fabric } = context
  const copies = context.members().map(({ port }) => copy(port.key))
  const last = toFabric && fabric ? copy(fabric.kind === 'uplink' ? TO_UPLINK : TO_PEERS) : []
  if (copies.length <= COPIES_PER_RULE) return [rule({ ...base, actions: [...copies.flat(), ...last] })]

  const chunks: Action[][] = []
  for (let at = 0; at < copies.length; at += COPIES_PER_RULE) chunks.push(copies.slice(at, at + COPIES_PER_RULE).flat())
  const turns = chunks.flatMap((_, index) => [set(CHUNK, index), resubmit(tables.flood)])
  return [
    rule({ ...base, actions: [...turns, ...last] }),
    ...chunks.map((actions, index) =>
      rule({
        table: tables.flood,
        priority: 100,
        match: [inNetwork(network.key), is(CHUNK, index)],
        actions,
        author,
        why: `${base.why}, part ${index + 1} of ${chunks.length}`,
      }),
    ),
  ]
}

const copy = (target: number): Action[] => [set(TARGET, target), resubmit(EGRESS.number)]
