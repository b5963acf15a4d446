/**
 * The latest commits of a store whose writers are all in one process. Each watcher reads them at its own pace, and a slow
 * watcher needs only its position. A watcher that falls too far behind must read the store again.
 */
import { type Commit, StoreError } from './store.ts'

/** The number of writes in the kept commits. A watcher normally reads each commit soon after it was made. */
const MAX_KEPT_WRITES = 4_000

export class CommitLog {
  readonly #maxKeptWrites: number
  readonly #waiting = new Set<() => void>()
  #commits: Commit[] = []
  /** Commits up to this revision are not kept. */
  #forgotten: number
  #forgottenCommits = 0
  #keptWrites = 0
  #ended = false

  /** @param revision the revision of the store when it was opened */
  constructor(revision: number, maxKeptWrites = MAX_KEPT_WRITES) {
    this.#forgotten = revision
    this.#maxKeptWrites = maxKeptWrites
  }

  append(commit: Commit): void {
    this.#commits.push(commit)
    this.#keptWrites += commit.writes.length
    while (this.#keptWrites > this.#maxKeptWrites && this.#commits.length > 1) {
      const oldest = this.#commits.shift()
      if (!oldest) break
      this.#keptWrites -= oldest.writes.length
      this.#forgotten = oldest.revision
      this.#forgottenCommits += 1
    }
    this.#wake()
  }

  /** The store has reached this revision by unknown commits: watchers must read it again. */
  restart(revision: number): void {
    // Even a watcher that has read everything has missed something.
    this.#forgottenCommits += this.#commits.length + 1
    this.#commits = []
    this.#keptWrites = 0
    this.#forgotten = revision
    this.#wake()
  }

  /** The same as `Store.watch`. */
  async *watch(after: number, signal?: AbortSignal): AsyncGenerator<Commit, void, void> {
    if (after < this.#forgotten) throw this.#compacted(after)
    const index = this.#commits.findIndex(({ revision }) => revision > after)
    let place = this.#forgottenCommits + (index === -1 ? this.#commits.length : index)
    while (!this.#ended && !signal?.aborted) {
      if (place < this.#forgottenCommits) throw this.#compacted(after)
      const commit = this.#commits[place - this.#forgottenCommits]
      if (commit) {
        place += 1
        yield commit
      } else await this.#more(signal)
    }
  }

  /** Ends all watches. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  #more(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal?.addEventListener('abort', wake)
    })
  }

  #compacted(after: number): StoreError {
    const message = `the commits after revision ${after} are not all remembered: the oldest known revision is ${this.#forgotten}`
    return new StoreError('compacted', message)
  }
}
