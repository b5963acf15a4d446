/**
 * Rules that are sent ahead of the commit that makes their objects stale. Their bundle is opened, filled and closed while the
 * disk writes, and committed only when the change is durable. So a plug takes the longer of the two times, not their sum.
 */
import type { Ledger } from '../../flows/diff.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import type { Key } from '../../topology/ids.ts'
import type { Session } from '../openflow/index.ts'
import { flowMods } from './flow-mods.ts'

/** More objects are compiled in slices, after the commit. */
const MAX_OBJECTS = 32

export class StagedBundle {
  readonly #rules: ReadonlyMap<Key, readonly Rule[]>
  readonly #sent: Promise<void>
  readonly #durable = Promise.withResolvers<void>()

  /**
   * @param rulesOf what an object wants after the commit
   * @returns undefined where there is nothing to send, too much, or something that no bundle takes
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
    // Meters and zones are in no bundle, so nothing would hold them back until the commit.
    if (meters.put.length + meters.drop.length + zones.length > 0) return undefined
    return put.length + drop.length > 0 ? new StagedBundle(session, rules, flowMods(put, drop)) : undefined
  }

  private constructor(session: Session, rules: ReadonlyMap<Key, readonly Rule[]>, mods: ReturnType<typeof flowMods>) {
    this.#rules = rules
    this.#sent = session.bundle(mods, { after: this.#durable.promise })
    // A failure is reported to the caller of commit. A bundle that is withdrawn has none.
    this.#sent.catch(() => undefined)
    this.#durable.promise.catch(() => undefined)
  }

  /** Are these the very objects whose rules it has? */
  covers(objects: ReadonlySet<Key>): boolean {
    return this.#rules.size === objects.size && [...objects].every((object) => this.#rules.has(object))
  }

  /**
   * The change is durable: the ledger wants these rules from now on.
   * @returns a function that commits the bundle, and resolves when the switch has confirmed it
   */
  commit(ledger: Ledger): () => Promise<void> {
    adopt(ledger, this.#rules)
    return () => {
      this.#durable.resolve()
      return this.#sent
    }
  }

  /** The switch discards the rules. */
  withdraw(): void {
    this.#durable.reject(new Error('the change that the bundle was sent ahead of did not come'))
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
