/**
 * The store on LMDB, embedded. There is only one transaction at a time. Commits that arrive while it is being written share the
 * next one. So conditions can be checked before a transaction begins, and reads see only durable data.
 */
import { CommitLog } from '../commit-log.ts'
import { type Commit, type Condition, type Entry, type Outcome, type Store, StoreError, type Write } from '../store.ts'
import { takeBlock } from '../take-block.ts'
import { encodeKey, readEntry, readRange, type Staged } from './database.ts'
import { HEAD, SCHEMA } from './head.ts'
import type { Held } from './open.ts'
import { reasonOf } from './reason.ts'

/** The most writes in a transaction. The event loop takes about a millisecond to hand them over. */
const MAX_WRITES = 1000

interface Waiting {
  readonly writes: readonly Write[]
  readonly staged: ReadonlyArray<readonly [key: string, staged: Omit<Staged, 'revision'>]>
  readonly conditions: readonly Condition[]
  resolve(outcome: Outcome): void
  reject(error: StoreError): void
}

export class LmdbStore implements Store {
  readonly maxWrites = MAX_WRITES
  readonly load: string | null
  readonly #held: Held
  readonly #log: CommitLog
  /** The revision of the last commit. */
  #revision: number
  /** Has the last write failed? The database may contain it all the same. */
  #isUncertain = false
  #queue: Waiting[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(held: Held) {
    this.#held = held
    this.load = held.head.load ?? null
    this.#revision = held.writer.database.getEntry(HEAD)?.version ?? 0
    this.#log = new CommitLog(this.#revision)
  }

  async revision(): Promise<number> {
    return this.#revision
  }

  async get(key: string): Promise<Entry | undefined> {
    return readEntry(this.#held.writer.database, key)
  }

  async *range(prefix: string, options?: Parameters<Store['range']>[1]): AsyncGenerator<Entry, void, void> {
    yield* readRange(() => this.#held.writer.database, prefix, options)
  }

  commit(writes: readonly Write[], conditions: readonly Condition[] = []): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new StoreError('cannot-commit', `the store ${this.#held.path} is closed`)
      for (const { key } of conditions) encodeKey(key)
      this.#queue.push({ writes, staged: writes.map(stage), conditions, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  watch(after: number, signal?: AbortSignal): AsyncIterable<Commit> {
    return this.#log.watch(after, signal)
  }

  takeBlock(counter: string, size: number, start: number): Promise<number> {
    return takeBlock(this, counter, size, start)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#running
    this.#log.end()
    await this.#held.writer.close()
    this.#held.lock.release()
  }

  async #run(): Promise<void> {
    // Commits of the same turn of the event loop share a transaction.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#commitTogether(this.#take())
    this.#running = undefined
  }

  /** The commits for the next transaction: one, and as many others as fit. */
  #take(): Waiting[] {
    let writes = 0
    const tooMany = this.#queue.findIndex(({ staged }, index) => {
      writes += staged.length
      return index > 0 && writes > MAX_WRITES
    })
    return this.#queue.splice(0, tooMany === -1 ? this.#queue.length : tooMany)
  }

  async #commitTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      if (this.#isUncertain) await this.#recover()
      await this.#write(batch)
    } catch (cause) {
      this.#isUncertain = true
      const message = `the store ${this.#held.path} cannot commit: ${reasonOf(cause, this.#held.path)}`
      for (const { reject } of batch) reject(new StoreError('cannot-commit', message, cause))
    }
  }

  /** Finds out whether the database contains the write that failed. If it does, watchers must read the store again. */
  async #recover(): Promise<void> {
    const { writer } = this.#held
    await writer.recover()
    const revision = writer.database.getEntry(HEAD)?.version ?? 0
    if (revision !== this.#revision) this.#log.restart(revision)
    this.#revision = revision
    this.#isUncertain = false
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const transaction = new Map<string, Staged>()
    let revision = this.#revision
    const outcomes = batch.map(({ staged, conditions }): Outcome => {
      for (const { key, revision } of conditions) {
        const found = this.#revisionOf(key, transaction)
        if (found !== revision) return { committed: false, found: { key, revision: found } }
      }
      if (staged.length > 0) revision += 1
      for (const [key, write] of staged) transaction.set(key, { ...write, revision })
      return { committed: true, revision }
    })
    if (transaction.size > 0)
      await this.#held.writer.write([...transaction.values()], { ...this.#held.head, schema: SCHEMA }, revision)
    this.#revision = revision
    for (const [index, { writes, resolve }] of batch.entries()) {
      const outcome = outcomes[index]
      if (!outcome) continue
      if (outcome.committed && writes.length > 0) this.#log.append({ revision: outcome.revision, writes })
      resolve(outcome)
    }
  }

  #revisionOf(key: string, transaction: ReadonlyMap<string, Staged>): number {
    const staged = transaction.get(key)
    if (staged) return staged.text === null ? 0 : staged.revision
    return this.#held.writer.database.getEntry(encodeKey(key))?.version ?? 0
  }
}

const stage = (write: Write): readonly [key: string, staged: Omit<Staged, 'revision'>] =>
  'put' in write
    ? [write.put, { key: encodeKey(write.put), text: JSON.stringify(write.value) }]
    : [write.remove, { key: encodeKey(write.remove), text: null }]
