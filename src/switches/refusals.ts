/** What is without its rules on one switch, which refused them or was not told them: why, and when it is tried again. */
import type { Logger } from 'pino'
import type { Graph } from '../../topology/graph.ts'
import type { Key } from '../../topology/ids.ts'

/** What is refused is tried again after this time, doubling up to the longest, milliseconds. */
const RETRY_FIRST = 1_000
const RETRY_LONGEST = 30_000

interface Context {
  readonly graph: Graph
  readonly log: Logger
  /** The words for these objects have changed. */
  changed(objects: ReadonlySet<Key>): void
  retry(objects: Iterable<Key>): void
}

export class Refusals {
  /** Objects that are without the rules that they want, and what the switch did: `refused a rule: …`. */
  readonly refused = new Map<Key, string>()
  readonly #context: Context
  #delay = RETRY_FIRST
  #timer: NodeJS.Timeout | undefined

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * @param compiled objects whose rules were sent
   * @param aside those of them that go without, and why
   */
  note(compiled: Iterable<Key>, aside: ReadonlyMap<Key, string>): void {
    const { graph, log } = this.#context
    const changed = new Set<Key>(aside.keys())
    for (const object of compiled) if (this.refused.delete(object)) changed.add(object)
    for (const [object, words] of aside) {
      this.refused.set(object, words)
      log.error(
        { object: graph.byKey.get(object), refusal: words },
        'an object goes without its rules here: tried again later',
      )
    }
    if (this.refused.size === 0) this.#delay = RETRY_FIRST
    else if (aside.size > 0) this.#retry()
    if (changed.size > 0) this.#context.changed(changed)
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  /** All that is refused is tried again together, later each time. */
  #retry(): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.refused.size > 0) this.#context.retry(this.refused.keys())
    }, this.#delay)
    this.#delay = Math.min(this.#delay * 2, RETRY_LONGEST)
  }
}
