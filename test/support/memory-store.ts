/** A store in memory, for tests of what stands on one; it can be told to fail. */
import type { Condition, Entry, Json, Store, Write } from '../../src/store/store.ts'
import { StoreError } from '../../src/store/store.ts'

export class MemoryStore implements Store {
  readonly entries = new Map<string, Entry>()
  /** While set, commits fail with it. */
  failure: StoreError | null = null
  /** While set, commits wait for it. */
  held: Promise<unknown> | null = null
  commits = 0
  readonly #watchers = new Set<readonly [prefix: string, told: (writes: readonly Write[]) => void]>()

  get(key: string): Entry | undefined {
    return this.entries.get(key)
  }

  *range(prefix: string, { after = '', limit = Number.POSITIVE_INFINITY, reverse = false } = {}): Generator<Entry> {
    const keys = [...this.entries.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    for (const key of (reverse ? keys.reverse() : keys).slice(0, limit)) {
      const entry = this.entries.get(key)
      if (entry) yield entry
    }
  }

  async commit(writes: readonly Write[], conditions: readonly Condition[] = []): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve))
    await this.held
    if (this.failure) throw this.failure
    if (conditions.some(({ key, revision }) => (this.entries.get(key)?.revision ?? 0) !== revision)) return false
    this.commits += 1
    for (const write of writes) {
      if ('remove' in write) this.entries.delete(write.remove)
      else {
        const revision = (this.entries.get(write.put)?.revision ?? 0) + 1
        const value = JSON.parse(JSON.stringify(write.value)) as Json
        this.entries.set(write.put, { key: write.put, value, revision })
      }
    }
    for (const [prefix, told] of this.#watchers) {
      const theirs = writes.filter((write) => ('put' in write ? write.put : write.remove).startsWith(prefix))
      if (theirs.length > 0) told(theirs)
    }
    return true
  }

  watch(prefix: string, told: (writes: readonly Write[]) => void): () => void {
    const watcher = [prefix, told] as const
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  async close(): Promise<void> {}
}

export const diskFull = (): StoreError => new StoreError('cannot-commit', 'No space left on device')
