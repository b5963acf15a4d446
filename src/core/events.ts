/**
 * The event log: what happened to resources. Events are written to the store with the operation that they tell of, so that ids
 * grow over a restart and a stream can be resumed. They are read from memory, where the last ones are kept. A stream reads at
 * its own pace, so a slow one costs nothing but its place.
 */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ProjectId } from '../../topology/ids.ts'
import type { Operation } from './batch.ts'
import type { Event, EventLog, Resync } from './event-log.ts'
import { MAX_EVENTS } from './persist.ts'

/** Changes of status gather for this time, so that one commit has them all. */
const GATHER_MS = 10

/** A stream lets others run after it has read this many events. */
const MAX_EVENTS_PER_TURN = 256

type News = Pick<Event, 'type' | 'data'>

interface Context {
  /** The events that are kept, oldest first. */
  readonly kept: readonly Event[]
  /** The id of the last event; 0 if there was none. */
  readonly last: number
  readonly log: Logger
  readonly stopping: AbortSignal
  /** Begins a commit, which takes what was gathered. */
  flush(): void
}

export class Events implements EventLog {
  readonly #context: Context
  readonly #listeners = new Set<() => void>()
  readonly #events: Event[]
  #last: number
  #gathered: News[] = []
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(context: Context) {
    this.#context = context
    this.#events = [...context.kept]
    this.#last = context.last
  }

  /** What the log tells, oldest first. */
  recall(): Iterable<Event> {
    return this.#events.values()
  }

  /** Ends what status tells: the end of the controller changes no resource. */
  end(): void {
    this.#ended = true
    if (this.#gathered.length > 0) this.#context.flush()
  }

  /** Events became durable. */
  append(events: readonly Event[]): void {
    if (events.length === 0) return
    for (const event of events) {
      if (event.id <= this.#last) continue
      this.#events.push(event)
      this.#last = event.id
    }
    while (this.#events.length > MAX_EVENTS) this.#events.shift()
    for (const listener of [...this.#listeners]) listener()
  }

  /** Tells a change of status, with the next commit. */
  emit(type: string, data: Event['data']): void {
    if (this.#ended) return
    this.#gathered.push({ type, data })
    this.#timer ??= setTimeout(() => this.#context.flush(), GATHER_MS)
  }

  /** What was gathered, for the batch that begins: it happened before the operations of that batch. */
  take(): Pick<Operation, 'run' | 'reject'> | undefined {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const gathered = this.#gathered
    this.#gathered = []
    if (gathered.length === 0) return undefined
    return {
      run: (draft) => {
        for (const { type, data } of gathered) draft.tell(type, data)
      },
      // The resources themselves are as they are. A stream learns of them with their next event.
      reject: (error) => this.#context.log.error({ err: error, lost: gathered.length }, 'events could not be stored'),
    }
  }

  async *subscribe(project: ProjectId, lastId: number | null, signal: AbortSignal): AsyncGenerator<Event | Resync> {
    let cursor = lastId ?? this.#last
    if (cursor > this.#last || cursor < this.#last - MAX_EVENTS) {
      cursor = this.#last
      yield { id: cursor, type: 'resync' }
    }
    let read = 0
    while (!signal.aborted && !this.#context.stopping.aborted) {
      const event = this.#after(cursor)
      if (!event) {
        await this.#more(signal)
        continue
      }
      cursor = event.id
      if (event.project === project) yield event
      if (++read % MAX_EVENTS_PER_TURN === 0) await setImmediate()
    }
  }

  /** The first event with a greater id. */
  #after(id: number): Event | undefined {
    let [low, high] = [0, this.#events.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#events[middle]?.id ?? 0) <= id) low = middle + 1
      else high = middle
    }
    return this.#events[low]
  }

  /** Resolves when there is another event, or nobody wants one any more. */
  #more(signal: AbortSignal): Promise<void> {
    const { stopping } = this.#context
    return new Promise((resolve) => {
      const end = () => {
        this.#listeners.delete(end)
        signal.removeEventListener('abort', end)
        stopping.removeEventListener('abort', end)
        resolve()
      }
      this.#listeners.add(end)
      signal.addEventListener('abort', end)
      stopping.addEventListener('abort', end)
    })
  }
}
