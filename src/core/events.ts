/**
 * The event log: what happened to resources. Events are stored in the same commit as the operation that caused them, so that ids
 * keep increasing after a restart and a client can resume a stream. Streams read from memory, which keeps the last events. Each
 * stream reads at its own pace, and a slow stream needs no buffer of its own.
 */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ProjectId } from '../../topology/ids.ts'
import type { Operation } from './batch.ts'
import type { Event, EventLog, Resync } from './event-log.ts'
import { MAX_EVENTS } from './persist.ts'

/** Changes of status are collected for this time, and one commit stores all of them. */
const GATHER_MS = 10

/** After this many events, a stream lets other work run. */
const MAX_EVENTS_PER_TURN = 256

type News = Pick<Event, 'type' | 'data'>

interface Context {
  /** The kept events, oldest first. */
  readonly kept: readonly Event[]
  /** The id of the last event; 0 if there has been none. */
  readonly last: number
  readonly log: Logger
  readonly stopping: AbortSignal
  /** Begins a commit that stores the collected events. */
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

  /** The kept events, oldest first. */
  recall(): Iterable<Event> {
    return this.#events.values()
  }

  /** Stops collecting changes of status: when the controller stops, the resources do not change. */
  end(): void {
    this.#ended = true
    if (this.#gathered.length > 0) this.#context.flush()
  }

  /** Called when events are durable: streams can read them from now on. */
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

  /** Adds an event about a change of status. The next commit stores it. */
  emit(type: string, data: Event['data']): void {
    if (this.#ended) return
    this.#gathered.push({ type, data })
    this.#timer ??= setTimeout(() => this.#context.flush(), GATHER_MS)
  }

  /** The collected events, as the first operation of the next batch: they happened before the batch's other operations. */
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
      // Only events are lost: the resources themselves are correct, and a stream shows them with their next event.
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

  /** The first kept event with a greater id. */
  #after(id: number): Event | undefined {
    let [low, high] = [0, this.#events.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#events[middle]?.id ?? 0) <= id) low = middle + 1
      else high = middle
    }
    return this.#events[low]
  }

  /** Resolves when there is a new event, the signal has fired or the controller stops. */
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
