/**
 * The operations that share a commit. They run on a layer in front of the graph. So each operation sees the changes of the earlier
 * ones, and nobody else sees any. Each operation has a layer of its own, which is dropped if it throws.
 */
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key } from '../../topology/ids.ts'
import type { Write } from '../store/store.ts'
import type { Committed } from './committed.ts'
import type { Draft } from './draft.ts'
import type { Event } from './event-log.ts'
import { type KeyBlocks, KeysExhausted } from './key-blocks.ts'
import { eventWrites, toWrite } from './persist.ts'
import { StepTaker } from './step-taker.ts'

export interface Operation {
  run(draft: Draft): unknown
  /** Called when the operation is durable. @param value what `run` returned */
  resolve(value: unknown, committed: Committed): void
  reject(error: unknown): void
}

interface Done {
  readonly operation: Operation
  readonly value: unknown
  readonly committed: Committed
}

interface Refused {
  readonly operation: Operation
  readonly error: unknown
}

export class Batch {
  /** The operations to commit, in the order in which they ran. */
  readonly done: Done[] = []
  /** The operations that threw. */
  readonly refused: Refused[] = []
  /** The last write of each key of the store. */
  readonly writes = new Map<string, Write>()
  readonly #base: Graph
  readonly #keys: KeyBlocks
  #layer: Graph | undefined
  #lastEvent: number

  /** @param lastEvent the id of the last event before this batch */
  constructor(base: Graph, keys: KeyBlocks, lastEvent: number) {
    this.#base = base
    this.#keys = keys
    this.#lastEvent = lastEvent
  }

  /** The graph as it will be after the commit. */
  get graph(): GraphReader {
    return this.#layer ?? this.#base
  }

  /** The id of the last event after the commit. */
  get lastEvent(): number {
    return this.#lastEvent
  }

  /**
   * Runs an operation. If it throws, the batch keeps the error.
   * @param settle adds what must be durable together with the operation
   * @returns false if the operation needs more keys than there are; then it has changed nothing, and must run again
   */
  run(operation: Operation, settle: (draft: Draft, committed: Committed) => void): boolean {
    const draft = new LayerDraft(new Graph(this.#layer ?? this.#base), this.#keys, this.#lastEvent)
    try {
      const value = operation.run(draft)
      settle(draft, draft.committed)
      this.done.push({ operation, value, committed: draft.committed })
    } catch (error) {
      if (error instanceof KeysExhausted) return false
      this.refuse(operation, error)
      return true
    }
    this.#adopt(draft)
    return true
  }

  /** Notes that an operation will not be committed. */
  refuse(operation: Operation, error: unknown): void {
    this.refused.push({ operation, error })
  }

  /** Adds the changes of an operation to the batch's layer. */
  #adopt(draft: LayerDraft): void {
    if (this.#layer) for (const { change } of draft.committed.steps) apply(this.#layer, change)
    else this.#layer = draft.graph
    this.#lastEvent += draft.committed.events.length
    for (const write of draft.writes()) this.writes.set('put' in write ? write.put : write.remove, write)
  }
}

class LayerDraft implements Draft {
  readonly graph: Graph
  readonly committed: Committed
  readonly #taker: StepTaker
  readonly #events: Event[] = []
  readonly #keys: KeyBlocks
  readonly #lastEvent: number

  constructor(graph: Graph, keys: KeyBlocks, lastEvent: number) {
    this.graph = graph
    this.#taker = new StepTaker(graph)
    this.#keys = keys
    this.#lastEvent = lastEvent
    this.committed = { steps: this.#taker.steps, stale: this.#taker.stale, events: this.#events }
  }

  change(change: Change): void {
    this.#taker.take(change)
  }

  nextKey(): Key {
    return this.#keys.next()
  }

  tell(type: string, data: Event['data']): void {
    const id = this.#lastEvent + this.#events.length + 1
    this.#events.push({ id, project: data.project, type, data })
  }

  /** The writes of the batch to the store. */
  *writes(): Generator<Write> {
    for (const { change } of this.committed.steps) yield toWrite(change)
    for (const event of this.#events) yield* eventWrites(event)
  }
}
