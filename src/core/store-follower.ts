/** What other writers commit to the store, as its watch tells it: kept until the journal has time for it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Commit, type Store, StoreError } from '../store/store.ts'

/** After a watch has failed, another one begins after this time. */
const RETRY_INTERVAL_MS = 1_000

interface Context {
  readonly store: Store
  readonly log: Logger
  /** Calls back when there is something to take, or the store must be read anew. */
  arrived(): void
}

export class StoreFollower {
  readonly #context: Context
  readonly #pending: Commit[] = []
  /** Everything up to this revision is known. */
  #known: number
  #lost = false
  #ended = false
  #arrival = Promise.withResolvers<void>()

  /** @param revision up to which everything is known */
  constructor(context: Context, revision: number) {
    this.#context = context
    this.#known = revision
    void this.#follow()
  }

  /** Has the store forgotten commits that were not told? Then it must be read anew. */
  get lost(): boolean {
    return this.#lost
  }

  /** The commits that have come and were not known, oldest first. */
  *take(): Generator<Commit> {
    for (let commit = this.#pending.shift(); commit; commit = this.#pending.shift()) {
      if (commit.revision <= this.#known) continue
      this.#known = commit.revision
      yield commit
    }
  }

  /** Everything up to a revision is known: it was the caller's own commit, on condition that there was no other before it. */
  know(revision: number): void {
    this.#known = revision
  }

  /** The store was read anew. @param revision up to which everything is known by that */
  restart(revision: number): void {
    this.#pending.length = 0
    this.#known = revision
    this.#lost = false
    void this.#follow()
  }

  /** Resolves when something has come. @throws StoreError `cannot-commit` if the store is closed */
  async arrival(): Promise<void> {
    if (this.#ended) throw new StoreError('cannot-commit', 'the store is closed')
    await this.#arrival.promise
  }

  async #follow(): Promise<void> {
    const { store, log } = this.#context
    while (!this.#ended && !this.#lost) {
      try {
        for await (const commit of store.watch(this.#pending.at(-1)?.revision ?? this.#known)) {
          this.#pending.push(commit)
          this.#announce()
        }
        this.#ended = true
      } catch (error) {
        if (error instanceof StoreError && error.code === 'compacted') this.#lost = true
        else {
          log.error({ err: error }, 'cannot watch the store, retrying')
          await sleep(RETRY_INTERVAL_MS, undefined, { ref: false })
        }
      }
    }
    this.#announce()
  }

  #announce(): void {
    const { resolve } = this.#arrival
    this.#arrival = Promise.withResolvers()
    resolve()
    this.#context.arrived()
  }
}
