/**
 * have, want -> put, drop. A ledger keeps what is wanted of one switch, by rule key (table, priority, match) and by author;
 * told anew what an author wants, it says what must be put and dropped.
 */
import { type Flow, ruleBody, ruleKey } from '../src/openflow/index.ts'
import type { Key } from '../topology/ids.ts'
import type { Rule } from './rule.ts'

export interface Delta {
  /** Rules to add; one with the same key as a rule that is there replaces it. */
  readonly put: readonly Rule[]
  /** Rules to delete. */
  readonly drop: readonly Flow[]
}

interface Entry {
  readonly key: string
  readonly body: string
  readonly rule: Rule
}

export class Ledger {
  /** Those who want a rule with this key, oldest author first: the first one has it. One but in passing. */
  readonly #byKey = new Map<string, Entry[]>()
  readonly #byAuthor = new Map<Key, Entry[]>()

  /** Number of rules wanted. */
  get size(): number {
    return this.#byKey.size
  }

  *rules(): Generator<Rule> {
    for (const [first] of this.#byKey.values()) if (first) yield first.rule
  }

  authors(): IterableIterator<Key> {
    return this.#byAuthor.keys()
  }

  /** Replace what these authors want; an author with no rules is forgotten. */
  replace(wants: ReadonlyMap<Key, readonly Rule[]>): Delta {
    const before = new Map<string, Entry | undefined>()
    const touch = (key: string) => {
      if (!before.has(key)) before.set(key, this.#byKey.get(key)?.[0])
    }
    for (const [author, rules] of wants) {
      for (const old of this.#byAuthor.get(author) ?? []) {
        touch(old.key)
        this.#release(old)
      }
      const entries = rules.map((rule) => ({ key: ruleKey(rule), body: ruleBody(rule), rule }))
      for (const entry of entries) {
        touch(entry.key)
        this.#claim(entry)
      }
      if (entries.length > 0) this.#byAuthor.set(author, entries)
      else this.#byAuthor.delete(author)
    }
    const put: Rule[] = []
    const drop: Flow[] = []
    for (const [key, was] of before) {
      const now = this.#byKey.get(key)?.[0]
      if (now && !(was && same(was, now))) put.push(now.rule)
      else if (was && !now) drop.push(was.rule)
    }
    return { put, drop }
  }

  /**
   * Compare with what a switch has.
   * @param ours does this rule of the switch belong to us?
   * @returns what to send, and the rules of others that ours replace
   */
  compare(
    have: ReadonlyMap<string, Flow>,
    ours: (flow: Flow) => boolean,
  ): Delta & { readonly replaced: readonly Flow[] } {
    const put: Rule[] = []
    const replaced: Flow[] = []
    for (const [key, [first]] of this.#byKey) {
      if (!first) continue
      const there = have.get(key)
      if (there && there.cookie === first.rule.cookie && ruleBody(there) === first.body) continue
      if (there && !ours(there)) replaced.push(there)
      put.push(first.rule)
    }
    const drop = [...have].filter(([key, flow]) => ours(flow) && !this.#byKey.has(key)).map(([, flow]) => flow)
    return { put, drop, replaced }
  }

  #claim(entry: Entry): void {
    const claims = this.#byKey.get(entry.key)
    if (!claims) this.#byKey.set(entry.key, [entry])
    else claims.splice(claims.findIndex((other) => other.rule.author > entry.rule.author) >>> 0, 0, entry)
  }

  #release(entry: Entry): void {
    const claims = this.#byKey.get(entry.key) ?? []
    const rest = claims.filter((other) => other !== entry)
    if (rest.length > 0) this.#byKey.set(entry.key, rest)
    else this.#byKey.delete(entry.key)
  }
}

const same = (a: Entry, b: Entry): boolean => a.body === b.body && a.rule.cookie === b.rule.cookie
