/**
 * The journal is the only writer of the graph: operation -> changes -> store -> graph and stale pairs. Operations that arrive
 * during a commit wait, and share the next commit. They run on a layer in front of the graph. So changes that are not durable
 * are neither shown to anybody nor sent to a switch for good.
 *
 * Several journals may share a store. Each commit has the condition that the head of the store has the revision that this journal
 * knows. If another journal has committed first, the store refuses the commit. Then this journal waits until the watch delivers
 * the other commit, and runs the operations again.
 */
import type { Logger } from 'pino'
import { apply, type Change } from '../../topology/change.ts'
import type { Graph } from '../../topology/graph.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Outcome, Store } from '../store/store.ts'
import { Batch, type Operation } from './batch.ts'
import { noted, unnoted } from './commit-notes.ts'
import { union, type Written } from './committed.ts'
import { differences } from './differences.ts'
import type { Draft } from './draft.ts'
import { PlugboardError } from './errors.ts'
import type { Event } from './event-log.ts'
import type { JournalHooks } from './journal-hooks.ts'
import { KeyBlocks } from './key-blocks.ts'
import { type Stopwatch, secondsSince } from './latencies.ts'
import { HEAD_KEY, type Head, headWrite, type Loaded, load, readCommit } from './persist.ts'
import { StepTaker } from './step-taker.ts'
import { StoreFollower } from './store-follower.ts'

/** While the store cannot commit, the journal tries a commit at this interval, to notice when it can again. */
const PROBE_INTERVAL_MS = 1_000

interface JournalOptions {
  /** The content of the store. */
  readonly loaded: Loaded
  /** Converts nodes that an older version stored to their current form. */
  restore(nodes: readonly Change[]): Change[]
  /** The graph of the loaded and restored nodes. From now on only the journal changes it. */
  readonly graph: Graph
  readonly store: Store
  readonly log: Logger
  /** Records the time of each commit. */
  readonly stopwatch: Stopwatch
}

export class Journal {
  readonly #graph: Graph
  readonly #restore: JournalOptions['restore']
  readonly #store: Store
  readonly #log: Logger
  readonly #stopwatch: Stopwatch
  readonly #hooks: JournalHooks
  readonly #keys: KeyBlocks
  readonly #follower: StoreFollower
  #head: Head
  /** The last known revision of the head: the condition (fence) of the next commit. */
  #headRevision: number
  readonly #queue: Operation[] = []
  #running: Promise<void> | undefined
  /** Must a batch begin even if no operation waits? */
  #flushing = false
  /** Must a commit be tried even if there is nothing to write? */
  #probing = false
  #broken: string | null = null
  #probe: NodeJS.Timeout | undefined

  constructor({ graph, loaded, restore, store, log, stopwatch }: JournalOptions, hooks: JournalHooks) {
    this.#graph = graph
    this.#head = loaded.head
    this.#headRevision = loaded.headRevision
    this.#restore = restore
    this.#store = store
    this.#log = log
    this.#stopwatch = stopwatch
    this.#hooks = hooks
    this.#keys = new KeyBlocks(store)
    this.#follower = new StoreFollower({ store, log, arrived: () => this.#wake() }, loaded.revision)
  }

  get graph(): GraphReader {
    return this.#graph
  }

  /** Why the last commit failed, or null. */
  get broken(): string | null {
    return this.#broken
  }

  /**
   * Runs an operation. When it is durable, resolves with the value that it returned. By then its rules are being sent.
   * @throws what the operation throws; PlugboardError `unavailable` if the store cannot commit
   */
  write<T>(operation: (draft: Draft) => T): Promise<Written<T>> {
    const written = new Promise<Written<T>>((resolve, reject) => {
      this.#queue.push({
        run: operation,
        resolve: (value, committed) => resolve({ value: value as T, committed }),
        reject,
      })
      this.#wake()
    })
    return noted(written)
  }

  /** Begins a batch even if no operation waits, so that the operation that `beginning` returns is committed. */
  flush(): void {
    this.#flushing = true
    this.#wake()
  }

  /** Resolves when no commit is in progress and no operation waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  #wake(): void {
    this.#running ??= unnoted(() => Promise.resolve().then(() => this.#run()))
  }

  async #run(): Promise<void> {
    try {
      await this.#catchUp()
      while (this.#queue.length > 0 || this.#flushing || this.#probing) {
        await this.#commitBatch()
        await this.#catchUp()
      }
    } catch (cause) {
      this.#fail(cause)
      for (const { reject } of this.#queue.splice(0)) reject(unavailable(cause))
    } finally {
      this.#running = undefined
    }
  }

  async #commitBatch(): Promise<void> {
    this.#flushing = false
    let operations: readonly Operation[] | undefined
    for (;;) {
      const batch = new Batch(this.#graph, this.#keys, this.#head.event)
      operations = await this.#fill(batch, operations)
      const newer = await this.#commit(batch)
      if (newer === undefined) return
      try {
        await this.#catchUp(newer)
      } catch (cause) {
        this.#fail(cause)
        for (const { reject } of operations) reject(unavailable(cause))
        return
      }
    }
  }

  /**
   * Fills a batch with operations, and runs them.
   * @param again the operations of a refused batch; if left out, waiting operations are taken, as many as fit
   * @returns the operations that ran
   */
  async #fill(batch: Batch, again?: readonly Operation[]): Promise<readonly Operation[]> {
    const ran: Operation[] = []
    for (const operation of again ?? this.#waiting(batch)) {
      ran.push(operation)
      try {
        // A run that lacks keys has used up those that were left, so the next one must find twice as many.
        for (let blocks = 1; !batch.run(operation, this.#hooks.settle); blocks *= 2) await this.#keys.refill(blocks)
      } catch (cause) {
        this.#fail(cause)
        batch.refuse(operation, unavailable(cause))
      }
    }
    return ran
  }

  *#waiting(batch: Batch): Generator<Operation> {
    const first = this.#hooks.beginning()
    if (first) yield { ...first, resolve: () => undefined }
    while (batch.writes.size < this.#store.maxWrites) {
      const operation = this.#queue.shift()
      if (!operation) return
      yield operation
    }
  }

  /** @returns the revision of the head that another writer has written first; undefined if the batch is finished */
  async #commit(batch: Batch): Promise<number | undefined> {
    const head = { event: batch.lastEvent }
    const isProbe = this.#probing
    const writes = batch.writes.size > 0 || isProbe ? [...batch.writes.values(), headWrite(head)] : []
    this.#probing = false
    const stale = union(batch.done.map(({ committed }) => committed.stale))
    if (writes.length > 0) this.#guard(() => this.#hooks.committing(stale, batch.graph))
    let outcome: Outcome
    const begin = performance.now()
    try {
      outcome = await this.#store.commit(writes, [{ key: HEAD_KEY, revision: this.#headRevision }])
    } catch (cause) {
      this.#fail(cause)
      this.#abandon(batch)
      for (const { operation } of batch.done) operation.reject(unavailable(cause))
      for (const { operation, error } of batch.refused) operation.reject(error)
      return undefined
    }
    if (!outcome.committed) {
      // The store has not shown yet that it can commit.
      this.#probing ||= isProbe
      this.#abandon(batch)
      return outcome.found.revision
    }
    if (writes.length > 0) {
      this.#stopwatch.observe(secondsSince(begin))
      this.#advance(head, outcome.revision)
    }
    for (const { operation, value, committed } of batch.done) {
      for (const { change } of committed.steps) apply(this.#graph, change)
      this.#guard(() => this.#hooks.committed(committed))
      operation.resolve(value, committed)
    }
    for (const { operation, error } of batch.refused) operation.reject(error)
    return undefined
  }

  /** Called when a commit of this journal has become the head of the store. */
  #advance(head: Head, revision: number): void {
    this.#head = head
    this.#headRevision = revision
    this.#follower.know(revision)
    if (this.#broken) this.#log.info('the store commits again')
    this.#broken = null
  }

  #abandon(batch: Batch): void {
    for (const { committed } of batch.done) this.#guard(() => this.#hooks.failed(committed))
  }

  /**
   * Applies the commits of other writers to the graph.
   * @param revision wait until the head has this revision
   * @throws StoreError
   */
  async #catchUp(revision = 0): Promise<void> {
    for (;;) {
      if (this.#follower.lost) await this.#startAnew()
      for (const commit of this.#follower.take()) {
        const { changes, events, head } = readCommit(commit)
        if (!head) continue
        this.#head = head
        this.#headRevision = commit.revision
        this.#adopt(changes, events)
      }
      if (this.#headRevision >= revision) return
      await this.#follower.arrival()
    }
  }

  /** Reads the whole store and applies the difference, after the store has dropped commits that this journal has not seen. */
  async #startAnew(): Promise<void> {
    this.#log.warn({ known: this.#head.event }, 'this controller is behind the store and reads it again')
    const loaded = await load(this.#store)
    const events = loaded.events.filter(({ id }) => id > this.#head.event)
    this.#head = loaded.head
    this.#headRevision = loaded.headRevision
    this.#follower.restart(loaded.revision)
    this.#adopt([...differences(this.#graph, this.#restore(loaded.nodes))], events)
  }

  /** Applies the changes of another writer, and calls the hooks. */
  #adopt(changes: readonly Change[], events: readonly Event[]): void {
    const taker = new StepTaker(this.#graph)
    for (const change of changes) taker.take(change)
    this.#guard(() => this.#hooks.committed({ steps: taker.steps, stale: taker.stale, events }))
  }

  /** Runs a hook. An error in it must not stop later changes. */
  #guard(hook: () => void): void {
    try {
      hook()
    } catch (error) {
      this.#log.error({ err: error }, 'a subscriber failed after a commit: this is a bug in plugboard')
    }
  }

  #fail(cause: unknown): void {
    this.#broken = cause instanceof Error ? cause.message : String(cause)
    this.#log.error({ err: cause }, 'the store cannot commit')
    clearTimeout(this.#probe)
    this.#probe = setTimeout(() => {
      this.#probing = this.#broken !== null
      this.#wake()
    }, PROBE_INTERVAL_MS).unref()
  }
}

const unavailable = (cause: unknown): PlugboardError =>
  new PlugboardError(
    'unavailable',
    'the store cannot commit, so nothing was changed: try again when the disk takes writes again',
    { cause },
  )
