/**
 * The one way into the graph: operation -> changes -> graph and store -> stale pairs. Operations that come while a commit is
 * under way wait and share the next one. An operation that throws leaves nothing; a commit that fails takes back every
 * change of its batch.
 */
import type { Logger } from 'pino'
import { apply, type Change } from '../../topology/change.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import { stale } from '../../topology/stale.ts'
import type { Draft } from '../engines/host.ts'
import { PlugboardError } from '../errors.ts'
import type { Store, Write } from '../store/store.ts'
import { keyWrite, toWrite } from './persist.ts'

/** While the store cannot commit it is tried again after this time, milliseconds, so that it is known when it can. */
const PROBE = 1_000

export type StalePairs = Map<HypervisorId, Set<Key>>

/** A change, and the one that would take it back: after and before. */
export interface Step {
  readonly change: Change
  readonly undo: Change
}

/** What one operation did, once it is durable. */
export interface Committed {
  readonly steps: readonly Step[]
  readonly stale: StalePairs
}

export interface JournalHooks {
  /** Called after each operation, before its commit, for changes that follow from what it made stale. */
  settle(draft: Draft, stale: StalePairs): void
  /** Called once an operation is durable, before its caller is told. */
  committed(committed: Committed): void
}

interface Waiting {
  run(): void
  resolve(): void
  reject(error: unknown): void
}

export class Journal {
  readonly graph: Graph
  readonly #store: Store
  readonly #log: Logger
  readonly #hooks: JournalHooks
  #nextKey: Key
  #queue: Array<() => Waiting | undefined> = []
  #running = false
  #broken: string | null = null
  #probe: NodeJS.Timeout | undefined

  /** Of the batch under way. */
  #writes = new Map<string, Write>()
  #undo: Change[] = []

  constructor(options: { graph: Graph; nextKey: Key; store: Store; log: Logger }, hooks: JournalHooks) {
    this.graph = options.graph
    this.#nextKey = options.nextKey
    this.#store = options.store
    this.#log = options.log
    this.#hooks = hooks
  }

  /** Why the last commit failed, or null. */
  get broken(): string | null {
    return this.#broken
  }

  /**
   * Run an operation, and resolve with what it returned when it is durable. Its rules are on their way by then.
   * @throws what the operation throws; PlugboardError `unavailable` if the store cannot commit
   */
  write<T>(operation: (draft: Draft) => T): Promise<{ value: T; committed: Committed }> {
    return new Promise((resolve, reject) => {
      this.#queue.push(() => {
        const from = this.#undo.length
        const steps: Step[] = []
        const pairs: StalePairs = new Map()
        const draft = this.#draft(steps, pairs)
        try {
          const value = operation(draft)
          this.#hooks.settle(draft, pairs)
          const committed = { steps, stale: pairs }
          return {
            run: () => this.#hooks.committed(committed),
            resolve: () => resolve({ value, committed }),
            reject,
          }
        } catch (error) {
          this.#takeBack(from)
          reject(error)
          return undefined
        }
      })
      if (!this.#running) {
        this.#running = true
        queueMicrotask(() => void this.#run())
      }
    })
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const operations = this.#queue
      this.#queue = []
      this.#writes = new Map()
      this.#undo = []
      const waiting = operations.map((operation) => operation()).filter((done) => done !== undefined)
      try {
        if (this.#writes.size > 0) await this.#store.commit([...this.#writes.values()])
      } catch (cause) {
        this.#takeBack(0)
        this.#fail(cause)
        const detail = 'the store cannot commit, so nothing was changed: try again when the disk takes writes again'
        for (const { reject } of waiting) reject(new PlugboardError('unavailable', detail, { cause }))
        continue
      }
      if (this.#broken) this.#log.info('the store commits again')
      this.#broken = null
      for (const { run, resolve } of waiting) {
        run()
        resolve()
      }
    }
    this.#running = false
  }

  #fail(cause: unknown): void {
    this.#broken = cause instanceof Error ? cause.message : String(cause)
    this.#log.error({ err: cause }, 'the store cannot commit')
    clearTimeout(this.#probe)
    this.#probe = setTimeout(() => void this.#try(), PROBE).unref()
  }

  /** Nobody may come to write while we say that we cannot. */
  async #try(): Promise<void> {
    if (!this.#broken) return
    try {
      await this.write((draft) => draft.write({ put: 'counter/probe', value: Date.now() }))
    } catch (error) {
      this.#log.debug({ err: error }, 'the store was tried again')
    }
  }

  #draft(steps: Step[], pairs: StalePairs): Draft {
    const mark = (hypervisor: HypervisorId, object: Key) => {
      const objects = pairs.get(hypervisor)
      if (objects) objects.add(object)
      else pairs.set(hypervisor, new Set([object]))
    }
    return {
      graph: this.graph,
      change: (change) => {
        stale(this.graph, change, mark)
        const undo = apply(this.graph, change)
        stale(this.graph, change, mark)
        this.#undo.push(undo)
        steps.push({ change, undo })
        this.#note(toWrite(change))
      },
      nextKey: () => {
        const key = this.#nextKey
        this.#nextKey = (key + 1) as Key
        this.#note(keyWrite(this.#nextKey))
        return key
      },
      write: (write) => this.#note(write),
    }
  }

  #note(write: Write): void {
    this.#writes.set('put' in write ? write.put : write.remove, write)
  }

  /**
   * Take back the changes made since the batch had `length` of them. Their writes become those of the nodes as they are
   * again, which is what the store has.
   */
  #takeBack(length: number): void {
    for (const change of this.#undo.splice(length).reverse()) {
      apply(this.graph, change)
      this.#note(toWrite(change))
    }
  }
}
