/** The latest confirmation of each object, until all switches have confirmed it. */
import type { Confirmation } from '../core/realisation.ts'

export class PendingConfirmations<Id> {
  readonly #latest = new Map<Id, Confirmation>()

  has(id: Id): boolean {
    return this.#latest.has(id)
  }

  get(id: Id): Confirmation | undefined {
    return this.#latest.get(id)
  }

  /** Replaces an earlier confirmation of the same object. @param done called when this confirmation is complete */
  await(id: Id, confirmation: Confirmation, done: () => void): void {
    this.#latest.set(id, confirmation)
    confirmation.onDone(() => {
      if (this.#latest.get(id) === confirmation) this.#latest.delete(id)
      done()
    })
  }

  forget(id: Id): void {
    this.#latest.delete(id)
  }
}
