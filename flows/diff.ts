/**
 * have, want -> put, drop. The ledger of one switch keeps what is wanted there, by author, beside what the switch has, and
 * remembers which rules may differ. What is in both with equal cookie and instructions costs nothing. The meters that rules
 * carry come and go with them.
 */
import { type Flow, ruleBody, ruleKey } from '../src/openflow/index.ts'
import type { Key } from '../topology/ids.ts'
import { type MeterDelta, MeterLedger } from './meter-diff.ts'
import { authorOf } from './pipeline/cookie.ts'
import type { Rule } from './pipeline/rule.ts'

/** A rule with its key (table, priority, match) and body (instructions) in comparable form. */
interface Entry<F extends Flow = Flow> {
  readonly key: string
  readonly body: string
  readonly flow: F
}

export interface Delta {
  /** Rules to add; one with the key of a rule that is there replaces it. */
  readonly put: readonly Rule[]
  /** Rules of ours to delete. */
  readonly drop: readonly Flow[]
  /** Rules of others that `put` replaces. */
  readonly replaced: readonly Flow[]
  readonly meters: MeterDelta
  /** Zones of connections that rules of `put` are the first of their author to use: what they hold is somebody else's. */
  readonly zones: readonly number[]
}

export class Ledger {
  readonly meters = new MeterLedger()
  /** Those who want a rule with this key, oldest author first: the first one has it. There is one, but in passing. */
  readonly #wanted = new Map<string, Array<Entry<Rule>>>()
  readonly #byAuthor = new Map<Key, ReadonlyArray<Entry<Rule>>>()
  #has = new Map<string, Entry>()
  /** Keys for which what is wanted may differ from what the switch has. */
  #open = new Set<string>()

  /** Number of rules wanted. */
  get size(): number {
    return this.#wanted.size
  }

  authors(): IterableIterator<Key> {
    return this.#byAuthor.keys()
  }

  /** What an author wants. */
  of(author: Key): Rule[] {
    return (this.#byAuthor.get(author) ?? []).map(({ flow }) => flow)
  }

  /** What the switch has of an author, as rules to want on. @param why of a rule whose reason is not known any more */
  kept(author: Key, why: string): Rule[] {
    const rules: Rule[] = []
    for (const { flow } of this.#has.values()) {
      if (authorOf(flow.cookie) !== author) continue
      rules.push({ why, meters: this.meters.of(flow), zone: null, ...flow, author })
    }
    return rules
  }

  /** An author wants just these rules from now on. */
  replace(author: Key, rules: readonly Rule[]): void {
    for (const entry of this.#byAuthor.get(author) ?? []) this.#release(entry)
    const entries = rules.map(entryOf)
    for (const entry of entries) this.#claim(entry)
    if (entries.length > 0) this.#byAuthor.set(author, entries)
    else this.#byAuthor.delete(author)
  }

  /** Forget what the switch was thought to have: a dump follows, told by `observe`. */
  forget(): void {
    this.#has = new Map()
    this.#open = new Set(this.#wanted.keys())
    this.meters.forget()
  }

  /** The switch has this rule. */
  observe(flow: Flow): void {
    const entry = entryOf(flow)
    this.#has.set(entry.key, entry)
    this.#open.add(entry.key)
    if (authorOf(flow.cookie) === undefined) this.meters.observeOther(flow)
  }

  /** What to send; a generator, since there may be a hundred thousand. */
  *delta(): Generator<void, Delta> {
    const put: Rule[] = []
    const drop: Flow[] = []
    const replaced: Flow[] = []
    const zones = new Set<number>()
    const meters = this.meters.delta()
    const added = new Set(meters.put.flatMap(({ command, spec }) => (command === 'add' ? [spec.id] : [])))
    // Whose meter was lost is told again, or Open vSwitch goes on by decisions that name the lost one.
    const isLost = ({ flow }: Entry<Rule>): boolean => flow.meters.some(({ id }) => added.has(id))
    for (const key of this.#open) {
      const want = this.#wanted.get(key)?.[0]
      const has = this.#has.get(key)
      const ours = has && authorOf(has.flow.cookie) !== undefined
      if (want && !(has && has.flow.cookie === want.flow.cookie && has.body === want.body && !isLost(want))) {
        put.push(want.flow)
        if (has && !ours) replaced.push(has.flow)
        if (want.flow.zone !== null && has?.flow.cookie !== want.flow.cookie) zones.add(want.flow.zone)
      } else if (!want && has && ours) drop.push(has.flow)
      yield
    }
    return { put, drop, replaced, meters, zones: [...zones] }
  }

  /** The switch has taken the delta. */
  *sent(): Generator<void, void> {
    for (const key of this.#open) {
      const want = this.#wanted.get(key)?.[0]
      if (want) this.#has.set(key, want)
      else this.#has.delete(key)
      yield
    }
    this.#open = new Set()
    this.meters.sent()
  }

  #claim(entry: Entry<Rule>): void {
    this.meters.claim(entry.flow)
    this.#open.add(entry.key)
    const claims = [...(this.#wanted.get(entry.key) ?? []), entry]
    this.#wanted.set(
      entry.key,
      claims.sort((a, b) => a.flow.author - b.flow.author),
    )
  }

  #release(entry: Entry<Rule>): void {
    this.meters.release(entry.flow)
    this.#open.add(entry.key)
    const rest = (this.#wanted.get(entry.key) ?? []).filter((other) => other !== entry)
    if (rest.length > 0) this.#wanted.set(entry.key, rest)
    else this.#wanted.delete(entry.key)
  }
}

const entryOf = <F extends Flow>(flow: F): Entry<F> => ({ key: ruleKey(flow), body: ruleBody(flow), flow })
