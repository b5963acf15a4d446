/** A store in memory, for tests of code that uses a store. Tests can make it wait and fail. */
import { CommitLog } from '../../src/store/commit-log.ts'
import type { Commit, Condition, Entry, Json, Outcome, Store, Write } from '../../src/store/store.ts'
import { StoreError } from '../../src/store/store.ts'
import { takeBlock } from '../../src/store/take-block.ts'

export class MemoryStore implements Store {
  readonly maxWrites = 1000
  load: string | null = null
  readonly entries = new Map<string, Entry>()
  /** While set, commits with writes fail with this error. */
  failure: StoreError | null = null
  /** While set, reading a range fails with this error. */
  unreadable: StoreError | null = null
  /** While set, commits wait for this promise. */
  held: Promise<unknown> | null = null
  /** While set, watches deliver nothing. */
  silence: Promise<unknown> | null = null
  commits = 0
  readonly #log: CommitLog
  #revision = 0

  /** @param maxKeptWrites how many writes a watcher may be behind */
  constructor(maxKeptWrites?: number) {
    this.#log = new CommitLog(0, maxKeptWrites)
  }

  async revision(): Promise<number> {
    return this.#revision
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.entries.get(key)
  }

  async *range(prefix: string, { after = '', limit = Number.POSITIVE_INFINITY } = {}): AsyncGenerator<Entry> {
    if (this.unreadable) throw this.unreadable
    const keys = [...this.entries.keys()].filter((key) => key.startsWith(prefix) && compare(key, after) > 0)
    for (const key of keys.sort(compare).slice(0, limit)) {
      const entry = this.entries.get(key)
      if (entry) yield entry
    }
  }

  async commit(writes: readonly Write[], conditions: readonly Condition[] = []): Promise<Outcome> {
    const staged = writes.map((write) => JSON.parse(JSON.stringify(write)) as Write)
    await new Promise((resolve) => setImmediate(resolve))
    if (writes.length > 0) {
      await this.held
      if (this.failure) throw this.failure
    }
    for (const { key, revision } of conditions) {
      const found = this.entries.get(key)?.revision ?? 0
      if (found !== revision) return { committed: false, found: { key, revision: found } }
    }
    if (writes.length === 0) return { committed: true, revision: this.#revision }
    this.commits += 1
    this.#revision += 1
    const revision = this.#revision
    for (const write of staged) {
      if ('remove' in write) this.entries.delete(write.remove)
      else this.entries.set(write.put, { key: write.put, value: write.value, revision })
    }
    this.#log.append({ revision, writes })
    return { committed: true, revision }
  }

  async *watch(after: number, signal?: AbortSignal): AsyncGenerator<Commit> {
    for await (const commit of this.#log.watch(after, signal)) {
      await this.silence
      yield commit
    }
  }

  takeBlock(counter: string, size: number, start: number): Promise<number> {
    return takeBlock(this, counter, size, start)
  }

  async close(): Promise<void> {
    this.#log.end()
  }

  /** Puts an entry as an older version of the program has written it. */
  plant(key: string, value: Json): void {
    this.entries.set(key, { key, value, revision: this.#revision })
  }
}

/** Compares strings by their bytes. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

export const diskFull = (): StoreError => new StoreError('cannot-commit', 'No space left on device')
