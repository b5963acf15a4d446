/**
 * The objects whose rules on one switch are stale. Each call that marks objects increases the generation of the switch by one. The
 * switch confirms generations in order. Held objects are sent only once their generation is released. Objects that are marked
 * while a bundle is being sent wait here, and share the next bundle.
 */
import type { Key } from '../../topology/ids.ts'

export class StaleObjects {
  /** Called when there is something to send. */
  readonly #due: () => void
  #toSend = new Set<Key>()
  /** Held objects, in the order of their generations. */
  #held: Array<{ readonly objects: Iterable<Key>; readonly generation: number }> = []
  #generation = 0
  #released = 0
  #taken = 0

  constructor(due: () => void) {
    this.#due = due
  }

  /** The number of objects to send, including held ones. */
  get size(): number {
    return new Set([...this.#toSend, ...this.#held.flatMap(({ objects }) => [...objects])]).size
  }

  /** Is there a released generation that has not been taken yet? */
  get isDue(): boolean {
    return this.#taken < this.#released
  }

  /** Marks objects as stale. @returns the generation that will confirm them */
  mark(objects: Iterable<Key>): number {
    const generation = this.hold(objects)
    this.release(generation)
    return generation
  }

  /** Marks objects as stale, but holds them until their generation is released or the whole switch is compared. */
  hold(objects: Iterable<Key>): number {
    this.#generation += 1
    this.#held.push({ objects, generation: this.#generation })
    return this.#generation
  }

  /** @param generation the last generation to release; if it belongs to an earlier connection, it may exceed the current one */
  release(generation: number): void {
    const until = Math.min(generation, this.#generation)
    if (until <= this.#released) return
    while (this.#held[0] && this.#held[0].generation <= until) {
      for (const object of this.#held.shift()?.objects ?? []) this.#toSend.add(object)
    }
    this.#released = until
    this.#due()
  }

  /** Takes the released objects, to send them. @returns the objects, and the generation to confirm when the switch has their rules */
  take(): { readonly objects: ReadonlySet<Key>; readonly generation: number } {
    const objects = this.#toSend
    this.#toSend = new Set()
    this.#taken = this.#released
    return { objects, generation: this.#taken }
  }

  /** Takes all objects, also held ones, because the whole switch is compared now. @returns the generation that this confirms */
  takeAll(): number {
    this.#held = []
    this.#toSend = new Set()
    this.#released = this.#generation
    this.#taken = this.#generation
    return this.#generation
  }
}
