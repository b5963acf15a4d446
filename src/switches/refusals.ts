/** Objects that one switch goes without, since it refused their rules or their engine made a mistake, and when to try again. */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key } from '../../topology/ids.ts'

/** The time until the next try doubles from the first to the second of these. */
const MIN_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000

interface Context {
  readonly graph: GraphReader
  readonly log: Logger
  /** What is said of these objects has changed. */
  changed(objects: ReadonlySet<Key>): void
  retry(objects: Iterable<Key>): void
}

export class Refusals {
  /** Objects without the rules that they want, and what the switch did: `refused a rule: …`. */
  readonly refused = new Map<Key, string>()
  readonly #context: Context
  #delayMs = MIN_RETRY_MS
  #timer: NodeJS.Timeout | undefined

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * @param compiled objects whose rules were sent
   * @param aside those of them that were set aside, and why
   */
  note(compiled: Iterable<Key>, aside: ReadonlyMap<Key, string>): void {
    const { graph, log } = this.#context
    const changed = new Set<Key>(aside.keys())
    for (const object of compiled) if (this.refused.delete(object)) changed.add(object)
    for (const [object, words] of aside) {
      this.refused.set(object, words)
      log.error({ object: graph.byKey.get(object), refusal: words }, 'an object goes without its rules, retrying later')
    }
    if (this.refused.size === 0) this.#delayMs = MIN_RETRY_MS
    else if (aside.size > 0) this.#retryLater()
    if (changed.size > 0) this.#context.changed(changed)
  }

  /** The connection has ended. */
  end(): void {
    clearTimeout(this.#timer)
  }

  /** All objects are tried again together. */
  #retryLater(): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.refused.size > 0) this.#context.retry(this.refused.keys())
    }, this.#delayMs)
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_RETRY_MS)
  }
}
