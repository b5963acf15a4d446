/** Watches the store for commits of other writers, and queues them until the journal takes them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Commit, type Store, StoreError } from '../store/store.ts'

/** The delay before a new watch begins after one has failed. */
const RETRY_INTERVAL_MS = 1_000

interface Context {
  readonly store: Store
  readonly log: Logger
  /** Called when there are commits to take, or the store must be read again. */
  arrived(): void
}

export class StoreFollower {
  readonly #context: Context
  readonly #pending: Commit[] = []
  /** Every commit up to this revision is known. */
  #known: number
  #lost = false
  #ended = false
  #arrival = Promise.withResolvers<void>()

  /** @param revision the last known revision */
  constructor(context: Context, revision: number) {
    this.#context = context
    this.#known = revision
    void this.#follow()
  }

  /** Has the store dropped commits that the watch has not delivered? Then the store must be read again. */
  get lost(): boolean {
    return this.#lost
  }

  /** Takes the queued commits that are not known yet, oldest first. */
  *take(): Generator<Commit> {
    for (let commit = this.#pending.shift(); commit; commit = this.#pending.shift()) {
      if (commit.revision <= this.#known) continue
      this.#known = commit.revision
      yield commit
    }
  }

  /** Marks the caller's own commit as known. Its condition has made sure that no other commit came before it. */
  know(revision: number): void {
    this.#known = revision
  }

  /** Called when the store was read again. @param revision the last revision that was included */
  restart(revision: number): void {
    this.#pending.length = 0
    this.#known = revision
    this.#lost = false
    void this.#follow()
  }

  /** Resolves when a commit has arrived. @throws StoreError `cannot-commit` if the store is closed */
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
