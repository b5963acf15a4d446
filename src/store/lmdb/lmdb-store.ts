/**
 * The store on LMDB, embedded. There is one transaction at a time, and commits that come while it is on its way to the disk
 * share the next; so conditions can be checked before it begins, and what reads see is what is durable.
 */

import { type Condition, type Entry, type Store, StoreError, type Write } from '../store.ts'
import { encodeKey, readEntry, readRange, type Staged } from './database.ts'
import { HEAD, SCHEMA } from './head.ts'
import type { Held } from './open.ts'
import { reasonOf } from './reason.ts'

/** Writes that go into one transaction; the event loop takes about a millisecond to hand over so many. */
const BATCH = 1000

interface Waiting {
  readonly writes: readonly Write[]
  readonly staged: ReadonlyArray<readonly [key: string, staged: Omit<Staged, 'revision'>]>
  readonly conditions: readonly Condition[]
  resolve(held: boolean): void
  reject(error: StoreError): void
}

export class LmdbStore implements Store {
  readonly #held: Held
  readonly #watchers = new Set<{ readonly prefix: string; readonly told: (writes: readonly Write[]) => void }>()
  /** Of the last commit. Revisions are the store's, so that a key made again never has one that it had before. */
  #revision: number
  #queue: Waiting[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(held: Held) {
    this.#held = held
    this.#revision = held.writer.database.getEntry(HEAD)?.version ?? 0
  }

  get(key: string): Entry | undefined {
    return readEntry(this.#held.writer.database, key)
  }

  range(prefix: string, options?: Parameters<Store['range']>[1]): Iterable<Entry> {
    return readRange(() => this.#held.writer.database, prefix, options)
  }

  commit(writes: readonly Write[], conditions: readonly Condition[] = []): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new StoreError('cannot-commit', `the store ${this.#held.path} is closed`)
      for (const { key } of conditions) encodeKey(key)
      this.#queue.push({ writes, staged: writes.map(stage), conditions, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  watch(prefix: string, told: (writes: readonly Write[]) => void): () => void {
    const watcher = { prefix, told }
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#running
    await this.#held.writer.close()
    this.#held.lock.release()
  }

  async #run(): Promise<void> {
    // Commits of the same turn go together.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#commitTogether(this.#take())
    this.#running = undefined
  }

  /** The commits for the next transaction: one, and as many more as fit. */
  #take(): Waiting[] {
    let writes = 0
    const tooMany = this.#queue.findIndex(({ staged }, index) => {
      writes += staged.length
      return index > 0 && writes > BATCH
    })
    return this.#queue.splice(0, tooMany === -1 ? this.#queue.length : tooMany)
  }

  async #commitTogether(batch: readonly Waiting[]): Promise<void> {
    const transaction = new Map<string, Staged>()
    let revision = this.#revision
    const answers = batch.map(({ staged, conditions }) => {
      const holds = conditions.every((condition) => this.#revisionOf(condition.key, transaction) === condition.revision)
      if (!holds || staged.length === 0) return holds
      revision += 1
      for (const [key, write] of staged) transaction.set(key, { ...write, revision })
      return true
    })
    try {
      if (transaction.size > 0) await this.#held.writer.write([...transaction.values()], { schema: SCHEMA }, revision)
    } catch (cause) {
      const message = `the store ${this.#held.path} cannot commit: ${reasonOf(cause, this.#held.path)}`
      for (const { reject } of batch) reject(new StoreError('cannot-commit', message, cause))
      return
    }
    this.#revision = revision
    for (const [index, { writes, resolve }] of batch.entries()) {
      const answer = answers[index] === true
      if (answer) this.#tell(writes)
      resolve(answer)
    }
  }

  #revisionOf(key: string, transaction: ReadonlyMap<string, Staged>): number {
    const staged = transaction.get(key)
    if (staged) return staged.text === null ? 0 : staged.revision
    return this.#held.writer.database.getEntry(encodeKey(key))?.version ?? 0
  }

  #tell(writes: readonly Write[]): void {
    for (const { prefix, told } of [...this.#watchers]) {
      const concerned = writes.filter((write) => ('put' in write ? write.put : write.remove).startsWith(prefix))
      if (concerned.length === 0) continue
      try {
        told(concerned)
      } catch (error) {
        // The watcher's fault, not the commit's: it surfaces by itself.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

const stage = (write: Write): readonly [key: string, staged: Omit<Staged, 'revision'>] =>
  'put' in write
    ? [write.put, { key: encodeKey(write.put), text: JSON.stringify(write.value) }]
    : [write.remove, { key: encodeKey(write.remove), text: null }]
