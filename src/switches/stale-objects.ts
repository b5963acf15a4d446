/**
 * The objects whose rules on one switch are stale. Each time that the switch is told of some, its generation grows by one; it
 * confirms generations, in order. Objects that are held are sent only once their generation is released. Those that come while
 * a bundle is under way gather here, and share the next one.
 */
import type { Key } from '../../topology/ids.ts'

export class StaleObjects {
  /** Called when there is something to send. */
  readonly #due: () => void
  #toSend = new Set<Key>()
  /** In the order of their generations. */
  #held: Array<{ readonly objects: Iterable<Key>; readonly generation: number }> = []
  #generation = 0
  #released = 0
  #taken = 0

  constructor(due: () => void) {
    this.#due = due
  }

  /** Number of objects that are to be sent, held ones too. */
  get size(): number {
    return new Set([...this.#toSend, ...this.#held.flatMap(({ objects }) => [...objects])]).size
  }

  /** Has a generation been released that was not taken yet? */
  get isDue(): boolean {
    return this.#taken < this.#released
  }

  /** @returns the generation that will confirm them */
  mark(objects: Iterable<Key>): number {
    const generation = this.hold(objects)
    this.release(generation)
    return generation
  }

  /** The same, but they wait until their generation is released, or until the whole switch is compared. */
  hold(objects: Iterable<Key>): number {
    this.#generation += 1
    this.#held.push({ objects, generation: this.#generation })
    return this.#generation
  }

  /** @param generation up to which objects may be sent; one of an earlier connection may be beyond all of this one's */
  release(generation: number): void {
    const until = Math.min(generation, this.#generation)
    if (until <= this.#released) return
    while (this.#held[0] && this.#held[0].generation <= until) {
      for (const object of this.#held.shift()?.objects ?? []) this.#toSend.add(object)
    }
    this.#released = until
    this.#due()
  }

  /** What is released is sent now. @returns the objects, and the generation that is confirmed when the switch has their rules */
  take(): { readonly objects: ReadonlySet<Key>; readonly generation: number } {
    const objects = this.#toSend
    this.#toSend = new Set()
    this.#taken = this.#released
    return { objects, generation: this.#taken }
  }

  /** The whole switch is compared now, so held objects wait no longer. @returns the generation that this confirms */
  takeAll(): number {
    this.#held = []
    this.#toSend = new Set()
    this.#released = this.#generation
    this.#taken = this.#generation
    return this.#generation
  }
}
