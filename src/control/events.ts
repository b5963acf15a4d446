/**
 * The event log: what happened to resources, in the store, so that ids grow over a restart and a stream can be resumed. An
 * event is told to streams only when it is durable; a stream reads from the store at its own pace, so a slow one costs
 * nothing but its place.
 */
import type { Logger } from 'pino'
import type { ProjectId } from '../../topology/ids.ts'
import type { Json, Store, Write } from '../store/store.ts'
import type { Event, EventLog, Resync } from './operations.ts'

/** Events that are kept, of all projects together. */
export const KEPT = 10_000

const COUNTER = 'counter/event'
const key = (id: number): string => `event/${String(id).padStart(16, '0')}`

export class Events implements EventLog {
  readonly #store: Store
  readonly #log: Logger
  readonly #stopping: AbortSignal
  readonly #listeners = new Set<() => void>()
  #last: number
  #durable: number
  #pending: Event[] = []
  #writing = false
  #ended = false

  constructor(store: Store, log: Logger, stopping: AbortSignal) {
    this.#store = store
    this.#log = log
    this.#stopping = stopping
    const last = store.get(COUNTER)?.value
    this.#last = typeof last === 'number' ? last : 0
    this.#durable = this.#last
  }

  /** What the end of the controller does to statuses is no news: the resources are as they were. */
  end(): void {
    this.#ended = true
  }

  emit(type: string, data: Event['data']): void {
    if (this.#ended) return
    this.#last += 1
    this.#pending.push({ id: this.#last, project: data.project, type, data })
    if (!this.#writing) {
      this.#writing = true
      void this.#write()
    }
  }

  async *subscribe(project: ProjectId, lastId: number | null, signal: AbortSignal): AsyncGenerator<Event | Resync> {
    let cursor = lastId ?? this.#durable
    if (cursor > this.#durable || cursor < this.#durable - KEPT) {
      cursor = this.#durable
      yield { id: cursor, type: 'resync' }
    }
    while (!signal.aborted && !this.#stopping.aborted) {
      const until = this.#durable
      for (const entry of this.#store.range('event/', { after: key(cursor) })) {
        const event = entry.value as unknown as Event
        if (event.id > until) break
        cursor = event.id
        if (event.project === project) yield event
      }
      cursor = Math.max(cursor, until)
      if (this.#durable === until) await this.#news(signal)
    }
  }

  /** Resolves when there is another event, or nobody wants one any more. */
  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#listeners.delete(end)
        signal.removeEventListener('abort', end)
        this.#stopping.removeEventListener('abort', end)
        resolve()
      }
      this.#listeners.add(end)
      signal.addEventListener('abort', end)
      this.#stopping.addEventListener('abort', end)
    })
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      const events = this.#pending
      this.#pending = []
      const last = events.at(-1)?.id ?? this.#durable
      try {
        await this.#store.commit([...events.flatMap(writes), { put: COUNTER, value: last }])
      } catch (error) {
        // The resources themselves are as they are; a stream resumed over this gap learns of them by its next event.
        this.#log.error({ err: error, lost: events.length }, 'events could not be stored')
      }
      this.#durable = last
      for (const listener of [...this.#listeners]) listener()
    }
    this.#writing = false
  }
}

function writes(event: Event): Write[] {
  const put: Write = { put: key(event.id), value: event as unknown as Json }
  return event.id > KEPT ? [put, { remove: key(event.id - KEPT) }] : [put]
}
