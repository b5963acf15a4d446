/** Objects that lack rules on one switch, because it refused them or because their engine made a mistake, and when to retry. */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key } from '../../topology/ids.ts'

/** The time until the next try. It begins with the minimum, and doubles up to the maximum. */
const MIN_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000

interface Context {
  readonly graph: GraphReader
  readonly log: Logger
  /** Called when the refusals of these objects have changed. */
  changed(objects: ReadonlySet<Key>): void
  retry(objects: Iterable<Key>): void
}

export class Refusals {
  /** For each object that lacks rules it needs, what the switch did: `refused a rule: …`. */
  readonly refused = new Map<Key, string>()
  readonly #context: Context
  #delayMs = MIN_RETRY_MS
  #timer: NodeJS.Timeout | undefined

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Records the result of sending rules.
   * @param compiled objects whose rules were sent
   * @param aside the objects that were set aside, with the reason
   */
  note(compiled: Iterable<Key>, aside: ReadonlyMap<Key, string>): void {
    const { graph, log } = this.#context
    const changed = new Set<Key>(aside.keys())
    for (const object of compiled) if (this.refused.delete(object)) changed.add(object)
    for (const [object, words] of aside) {
      this.refused.set(object, words)
      log.error({ object: graph.byKey.get(object), refusal: words }, 'an object lacks its rules, retrying later')
    }
    if (this.refused.size === 0) this.#delayMs = MIN_RETRY_MS
    else if (aside.size > 0) this.#retryLater()
    if (changed.size > 0) this.#context.changed(changed)
  }

  /** Called when the connection has ended. */
  end(): void {
    clearTimeout(this.#timer)
  }

  /** Retries all objects together. */
  #retryLater(): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.refused.size > 0) this.#context.retry(this.refused.keys())
    }, this.#delayMs)
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_RETRY_MS)
  }
}
