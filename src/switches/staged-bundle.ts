/**
 * Rules that are sent ahead of the commit that makes their objects stale. The bundle is opened, filled and closed while the
 * disk writes, and it is committed only when the change is durable. So a plug takes the longer of the two times, not their sum.
 */
import type { Ledger } from '../../flows/diff.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import type { Key } from '../../topology/ids.ts'
import type { Session } from '../openflow/index.ts'
import { flowMods } from './flow-mods.ts'
import { lastCacheRule } from './last-rules.ts'

/** The most objects that are sent ahead. More objects are compiled after the commit, in slices. */
const MAX_OBJECTS = 32

export class StagedBundle {
  readonly #rules: ReadonlyMap<Key, readonly Rule[]>
  readonly #sent: Promise<void>
  readonly #durable = Promise.withResolvers<void>()

  /**
   * Sends a bundle.
   * @param rulesOf the rules of an object after the commit
   * @returns undefined if there is nothing to send, too much to send, or something that a bundle cannot contain
   */
  static begin(
    session: Session,
    ledger: Ledger,
    objects: ReadonlySet<Key>,
    rulesOf: (object: Key) => Rule[],
  ): StagedBundle | undefined {
    if (objects.size > MAX_OBJECTS) return undefined
    const before = new Map([...objects].map((object) => [object, ledger.of(object)]))
    const rules = new Map([...objects].map((object) => [object, rulesOf(object)]))
    adopt(ledger, rules)
    const { put, drop, meters, zones } = finished(ledger.delta())
    adopt(ledger, before)
    // A bundle cannot contain meters and zones, so they cannot be held back until the commit.
    if (meters.put.length + meters.drop.length + zones.length > 0) return undefined
    if (lastCacheRule(put, drop)) return undefined
    return put.length + drop.length > 0 ? new StagedBundle(session, rules, flowMods(put, drop)) : undefined
  }

  private constructor(session: Session, rules: ReadonlyMap<Key, readonly Rule[]>, mods: ReturnType<typeof flowMods>) {
    this.#rules = rules
    this.#sent = session.bundle(mods, { after: this.#durable.promise })
    // A failure is reported to the caller of commit. For a withdrawn bundle it does not matter.
    this.#sent.catch(() => undefined)
    this.#durable.promise.catch(() => undefined)
  }

  /** Does the bundle contain the rules of exactly these objects? */
  covers(objects: ReadonlySet<Key>): boolean {
    return this.#rules.size === objects.size && [...objects].every((object) => this.#rules.has(object))
  }

  /**
   * Called when the change is durable. From now on, these are the desired rules in the ledger.
   * @returns a function that commits the bundle, and resolves when the switch has confirmed it
   */
  commit(ledger: Ledger): () => Promise<void> {
    adopt(ledger, this.#rules)
    return () => {
      this.#durable.resolve()
      return this.#sent
    }
  }

  /** Makes the switch discard the bundle. */
  withdraw(): void {
    this.#durable.reject(new Error('the change was not committed, so its bundle was withdrawn'))
  }
}

function adopt(ledger: Ledger, rules: ReadonlyMap<Key, readonly Rule[]>): void {
  for (const [object, its] of rules) ledger.replace(object, its)
}

function finished<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}
