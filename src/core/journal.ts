/**
 * The one way into the graph: operation -> changes -> store -> graph and stale pairs. Operations that come while a commit is
 * under way wait and share the next one. Between the operations of a batch its changes stand in the graph, so that each sees
 * those before it; while the commit is under way they do not, so that nobody shows, or compiles, what is not durable. An
 * operation that throws leaves nothing, nor does a batch whose commit fails.
 */
import type { Logger } from 'pino'
import { apply, type Change } from '../../topology/change.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import { stale } from '../../topology/stale.ts'
import type { Store, Write } from '../store/store.ts'
import type { Draft } from './draft.ts'
import { PlugboardError } from './errors.ts'
import { keyWrite, toWrite } from './persist.ts'

/** While the store cannot commit it is tried again after this time, milliseconds, so that it is known when it can. */
const PROBE = 1_000

export type StalePairs = Map<HypervisorId, Set<Key>>

/** A change, and the one that would take it back: after and before. */
export interface Step {
  readonly change: Change
  readonly undo: Change
}

/** What one operation does. */
export interface Committed {
  readonly steps: readonly Step[]
  readonly stale: StalePairs
}

export interface JournalHooks {
  /** Called after each operation, before its commit, for changes and writes that follow from what it did. */
  settle(draft: Draft, committed: Committed): void
  /** Called when the commit begins, with all that its operations make stale; the graph is as it will be after it. */
  committing(stale: StalePairs): void
  /** Called once an operation is durable and in the graph, before its caller is told. */
  committed(committed: Committed): void
  /** Called for an operation that settled, and whose commit failed. */
  failed(committed: Committed): void
}

interface Done {
  readonly committed: Committed
  readonly writes: ReadonlyMap<string, Write>
  resolve(): void
  reject(error: unknown): void
}

export class Journal {
  readonly graph: Graph
  readonly #store: Store
  readonly #log: Logger
  readonly #hooks: JournalHooks
  #nextKey: Key
  #queue: Array<() => Done | undefined> = []
  #running = false
  #broken: string | null = null
  #probe: NodeJS.Timeout | undefined

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
        const steps: Step[] = []
        const committed = { steps, stale: new Map() }
        const writes = new Map<string, Write>()
        const draft = this.#draft(steps, committed.stale, writes)
        try {
          const value = operation(draft)
          this.#hooks.settle(draft, committed)
          return { committed, writes, resolve: () => resolve({ value, committed }), reject }
        } catch (error) {
          this.#takeBack(steps)
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
      const done = operations.map((operation) => operation()).filter((each) => each !== undefined)
      const writes = new Map(done.flatMap((each) => [...each.writes]))
      if (writes.size > 0)
        this.#follow(() => this.#hooks.committing(union(done.map(({ committed }) => committed.stale))))
      for (const { committed } of done.toReversed()) this.#takeBack(committed.steps)
      try {
        if (writes.size > 0) await this.#commit([...writes.values()])
      } catch (cause) {
        this.#fail(cause)
        const detail = 'the store cannot commit, so nothing was changed: try again when the disk takes writes again'
        for (const { committed, reject } of done) {
          this.#hooks.failed(committed)
          reject(new PlugboardError('unavailable', detail, { cause }))
        }
        continue
      }
      for (const { committed, resolve } of done) {
        for (const { change } of committed.steps) apply(this.graph, change)
        this.#follow(() => this.#hooks.committed(committed))
        resolve()
      }
    }
    this.#running = false
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    await this.#store.commit(writes)
    if (this.#broken) this.#log.info('the store commits again')
    this.#broken = null
  }

  /** What follows from a change must not keep the next ones from being made. */
  #follow(hook: () => void): void {
    try {
      hook()
    } catch (error) {
      this.#log.error({ err: error }, 'what follows from a change failed: this is a fault of the program')
    }
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

  #draft(steps: Step[], pairs: StalePairs, writes: Map<string, Write>): Draft {
    const mark = (hypervisor: HypervisorId, object: Key) => {
      const objects = pairs.get(hypervisor)
      if (objects) objects.add(object)
      else pairs.set(hypervisor, new Set([object]))
    }
    const note = (write: Write) => void writes.set('put' in write ? write.put : write.remove, write)
    return {
      graph: this.graph,
      change: (change) => {
        stale(this.graph, change, mark)
        const undo = apply(this.graph, change)
        stale(this.graph, undo, mark)
        steps.push({ change, undo })
        note(toWrite(change))
      },
      nextKey: () => {
        const key = this.#nextKey
        this.#nextKey = (key + 1) as Key
        note(keyWrite(this.#nextKey))
        return key
      },
      write: note,
    }
  }

  #takeBack(steps: readonly Step[]): void {
    for (const { undo } of steps.toReversed()) apply(this.graph, undo)
  }
}

function union(all: readonly StalePairs[]): StalePairs {
  const [first = new Map(), ...more] = all
  if (more.length === 0) return first
  const pairs: StalePairs = new Map([...first].map(([hypervisor, objects]) => [hypervisor, new Set(objects)]))
  for (const [hypervisor, objects] of more.flatMap((each) => [...each])) {
    const its = pairs.get(hypervisor) ?? new Set()
    for (const object of objects) its.add(object)
    pairs.set(hypervisor, its)
  }
  return pairs
}
