/** A lock of a server (RFC 7047 sections 4.1.8 to 4.1.10). */
import { OvsdbError } from './ovsdb-error.ts'

/**
 * A lock of the server (RFC 7047 sections 4.1.8 to 4.1.10), waited for or held. Another client may steal it. Made by
 * `Connection.lock` and `Connection.steal`.
 */
export class Lock {
  /** Its name on the server. */
  readonly name: string
  readonly #unlock: () => Promise<void>
  #held: boolean
  /** The number of times that it was lost. */
  #losses = 0
  /** Why it can never be held again. */
  #end: OvsdbError | undefined
  #wake: Array<() => void> = []

  /** @internal */
  constructor(name: string, held: boolean, unlock: () => Promise<void>) {
    this.name = name
    this.#held = held
    this.#unlock = unlock
  }

  /** Whether it is held. To be certain in a transaction, begin the transaction with `{ op: 'assert', lock: name }`. */
  get held(): boolean {
    return this.#held
  }

  /**
   * Resolves when it is held, which may be now.
   * @throws OvsdbError closed; not-owner if it was given up
   */
  async acquired(): Promise<void> {
    while (!this.#held) {
      if (this.#end !== undefined) throw this.#end
      await this.#change()
    }
  }

  /**
   * Resolves when it is not held: because it was stolen or given up, or because the connection has ended. A stolen lock
   * may come back.
   */
  async lost(): Promise<void> {
    const losses = this.#losses
    while (this.#held && losses === this.#losses) await this.#change()
  }

  /** Releases the lock, or stops waiting for it. */
  async unlock(): Promise<void> {
    this.end(new OvsdbError('not-owner', `the lock ${this.name} was given up`))
    await this.#unlock()
  }

  /** @internal The server reports whether it is held. */
  set(held: boolean): void {
    if (this.#end !== undefined || held === this.#held) return
    this.#held = held
    if (!held) this.#losses += 1
    this.#tell()
  }

  /** @internal It will never be held again. */
  end(reason: OvsdbError): void {
    this.set(false)
    this.#end ??= reason
    this.#tell()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #tell(): void {
    for (const resolve of this.#wake.splice(0)) resolve()
  }
}
