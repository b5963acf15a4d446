/**
 * Compares the rules that a switch has with the rules that it should have: have, want -> put, drop. The ledger of one switch
 * keeps the desired rules by author, and the rules that the switch has. It remembers which of them may differ. A rule is not
 * sent if the switch has one with equal cookie and instructions. Meters are added and deleted together with the rules that
 * carry them.
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
  /** Rules to add. A rule replaces an existing one with the same key. */
  readonly put: readonly Rule[]
  /** Rules of ours to delete. */
  readonly drop: readonly Flow[]
  /** Foreign rules that `put` replaces. */
  readonly replaced: readonly Flow[]
  readonly meters: MeterDelta
  /**
   * Conntrack zones that an author begins to use with rules of `put`. Connections of an earlier author must be deleted from
   * them.
   */
  readonly zones: readonly number[]
}

export class Ledger {
  readonly meters = new MeterLedger()
  /**
   * The authors of desired rules with this key, oldest first. The switch gets the rule of the first one. Having more than one
   * is a temporary state.
   */
  readonly #wanted = new Map<string, Array<Entry<Rule>>>()
  readonly #byAuthor = new Map<Key, ReadonlyArray<Entry<Rule>>>()
  #has = new Map<string, Entry>()
  /** How many of these are ours. */
  #present = 0
  /** Keys for which the desired rule may differ from the one that the switch has. */
  #open = new Set<string>()

  /** The number of desired rules. */
  get size(): number {
    return this.#wanted.size
  }

  /** The number of rules of ours that the switch has, as far as is known. */
  get present(): number {
    return this.#present
  }

  /** Is a rule with this key wanted? */
  wants(key: string): boolean {
    return this.#wanted.has(key)
  }

  /** All rules that are wanted. */
  rules(): Rule[] {
    return [...this.#wanted.values()].flatMap(([first]) => (first ? [first.flow] : []))
  }

  /** The authors of desired rules. */
  authors(): IterableIterator<Key> {
    return this.#byAuthor.keys()
  }

  /** The desired rules of an author. */
  of(author: Key): Rule[] {
    return (this.#byAuthor.get(author) ?? []).map(({ flow }) => flow)
  }

  /**
   * The rules of an author that the switch has, to keep them. @param why the reason of these rules, which the switch does not
   * know
   */
  kept(author: Key, why: string): Rule[] {
    const rules: Rule[] = []
    for (const { flow } of this.#has.values()) {
      if (authorOf(flow.cookie) !== author) continue
      rules.push({ why, meters: this.meters.of(flow), zone: null, dropsUnmetered: false, ...flow, author })
    }
    return rules
  }

  /** Replaces all desired rules of an author. */
  replace(author: Key, rules: readonly Rule[]): void {
    for (const entry of this.#byAuthor.get(author) ?? []) this.#release(entry)
    const entries = rules.map(entryOf)
    for (const entry of entries) this.#claim(entry)
    if (entries.length > 0) this.#byAuthor.set(author, entries)
    else this.#byAuthor.delete(author)
  }

  /** Forgets what the switch has. Then a dump follows: `observe` is called for each of its rules. */
  forget(): void {
    this.#has = new Map()
    this.#present = 0
    this.#open = new Set(this.#wanted.keys())
    this.meters.forget()
  }

  /** Called for each rule that the switch has. */
  observe(flow: Flow): void {
    const entry = entryOf(flow)
    this.#note(entry.key, entry)
    this.#open.add(entry.key)
    if (authorOf(flow.cookie) === undefined) this.meters.observeOther(flow)
  }

  /** Rules of ours that the switch has and would lose: nobody wants them, or another author wants a rule in their place. */
  *lost(): Generator<void, Flow[]> {
    const lost: Flow[] = []
    for (const [key, { flow }] of this.#has) {
      const author = authorOf(flow.cookie)
      if (author !== undefined && this.#wanted.get(key)?.[0]?.flow.author !== author) lost.push(flow)
      yield
    }
    return lost
  }

  /** What to send. It is a generator, because there may be a hundred thousand rules. */
  *delta(): Generator<void, Delta> {
    const put: Rule[] = []
    const drop: Flow[] = []
    const replaced: Flow[] = []
    const zones = new Set<number>()
    const meters = this.meters.delta()
    const added = new Set(meters.put.flatMap(({ command, spec }) => (command === 'add' ? [spec.id] : [])))
    // A rule whose meter was lost is sent again, because Open vSwitch caches decisions that refer to the lost meter.
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

  /** Called when the switch has accepted the delta. */
  *sent(): Generator<void, void> {
    for (const key of this.#open) {
      this.#note(key, this.#wanted.get(key)?.[0])
      yield
    }
    this.#open = new Set()
    this.meters.sent()
  }

  /** Notes which rule the switch has under a key; undefined: it has none. */
  #note(key: string, entry: Entry | undefined): void {
    this.#present += countOurs(entry) - countOurs(this.#has.get(key))
    if (entry) this.#has.set(key, entry)
    else this.#has.delete(key)
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

const countOurs = (entry: Entry | undefined): number => (entry && authorOf(entry.flow.cookie) !== undefined ? 1 : 0)

const entryOf = <F extends Flow>(flow: F): Entry<F> => ({ key: ruleKey(flow), body: ruleBody(flow), flow })
