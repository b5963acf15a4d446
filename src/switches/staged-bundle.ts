/**
 * Rules that go to a switch ahead of the commit that makes their objects stale: in a bundle that is opened, filled and closed
 * while the disk writes, and committed only when the change is durable. It saves a plug the time of one of the two.
 */
import type { Ledger } from '../../flows/diff.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import type { Key } from '../../topology/ids.ts'
import type { Session } from '../openflow/index.ts'
import { flowMods } from './flow-mods.ts'

/** Objects at most: more are compiled in slices, and that is after the commit. */
const MOST = 32

export class StagedBundle {
  readonly #rules: ReadonlyMap<Key, readonly Rule[]>
  readonly #sent: Promise<void>
  readonly #durable = Promise.withResolvers<void>()

  /**
   * @param rulesOf what an object wants, by the graph as it will be
   * @returns undefined where there is nothing to send, too much, or what no bundle takes
   */
  static begin(
    session: Session,
    ledger: Ledger,
    objects: ReadonlySet<Key>,
    rulesOf: (object: Key) => Rule[],
  ): StagedBundle | undefined {
    if (objects.size > MOST) return undefined
    const before = new Map([...objects].map((object) => [object, ledger.of(object)]))
    const rules = new Map([...objects].map((object) => [object, rulesOf(object)]))
    adopt(ledger, rules)
    const { put, drop, meters, zones } = finished(ledger.delta())
    adopt(ledger, before)
    // They are in no bundle, so nothing holds them back until the commit.
    if (meters.put.length + meters.drop.length + zones.length > 0) return undefined
    return put.length + drop.length > 0 ? new StagedBundle(session, rules, flowMods(put, drop)) : undefined
  }

  private constructor(session: Session, rules: ReadonlyMap<Key, readonly Rule[]>, mods: ReturnType<typeof flowMods>) {
    this.#rules = rules
    this.#sent = session.bundle(mods, { after: this.#durable.promise })
    // Whoever lets it go on hears of what goes wrong with it; nobody else needs to.
    this.#sent.catch(() => undefined)
    this.#durable.promise.catch(() => undefined)
  }

  /** Are these just the objects whose rules it has? */
  covers(objects: ReadonlySet<Key>): boolean {
    return this.#rules.size === objects.size && [...objects].every((object) => this.#rules.has(object))
  }

  /** The change is durable: what was sent is what the ledger wants. Resolves when the switch has confirmed. */
  commit(ledger: Ledger): () => Promise<void> {
    adopt(ledger, this.#rules)
    return () => {
      this.#durable.resolve()
      return this.#sent
    }
  }

  /** The commit failed, or something else came between. */
  withdraw(): void {
    this.#durable.reject(new Error('what the bundle was to follow did not come'))
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
