/**
 * The event log: what happened to resources, in the store, so that ids grow over a restart and a stream can be resumed. What
 * an operation does is told in its own commit, so what was answered is never untold. An event goes to streams only when it
 * is durable; a stream reads from the store at its own pace, so a slow one costs nothing but its place.
 */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ProjectId } from '../../topology/ids.ts'
import type { Json, Store, Write } from '../store/store.ts'
import type { Draft } from './draft.ts'
import type { Event, EventLog, Resync } from './event-log.ts'

/** Events that are kept, of all projects together. */
export const KEPT = 10_000

/** Milliseconds in which statuses gather, so that one commit has them and those of operations need not wait for many. */
const GATHER = 10

/** Events that a stream reads before it lets others run. */
const AT_A_TIME = 256

const COUNTER = 'counter/event'
const key = (id: number): string => `event/${String(id).padStart(16, '0')}`

export class Events implements EventLog {
  readonly #store: Store
  readonly #log: Logger
  readonly #stopping: AbortSignal
  readonly #listeners = new Set<() => void>()
  #last: number
  /** Ids that are given and not durable yet, in order. */
  readonly #open = new Set<number>()
  #pending: Event[] = []
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(store: Store, log: Logger, stopping: AbortSignal) {
    this.#store = store
    this.#log = log
    this.#stopping = stopping
    const last = store.get(COUNTER)?.value
    this.#last = typeof last === 'number' ? last : 0
  }

  /** What the log tells, oldest first. */
  *recall(): Generator<Event> {
    for (const { value } of this.#store.range('event/')) yield value as unknown as Event
  }

  /** What the end of the controller does to statuses is no news: the resources are as they were. */
  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    void this.#write()
  }

  /** An event that becomes durable with an operation; `settle` says that it is, or never will be. @returns its id */
  stage(draft: Draft, type: string, data: Event['data']): number {
    const event = this.#event(type, data)
    for (const write of [...writes(event), this.#counter()]) draft.write(write)
    return event.id
  }

  settle(ids: readonly number[]): void {
    for (const id of ids) this.#open.delete(id)
    for (const listener of [...this.#listeners]) listener()
  }

  emit(type: string, data: Event['data']): void {
    if (this.#ended) return
    this.#pending.push(this.#event(type, data))
    this.#timer ??= setTimeout(() => void this.#write(), GATHER)
  }

  async *subscribe(project: ProjectId, lastId: number | null, signal: AbortSignal): AsyncGenerator<Event | Resync> {
    let cursor = lastId ?? this.#durable
    if (cursor > this.#durable || cursor < this.#durable - KEPT) {
      cursor = this.#durable
      yield { id: cursor, type: 'resync' }
    }
    while (!signal.aborted && !this.#stopping.aborted) {
      const until = this.#durable
      let read = 0
      for (const entry of this.#store.range('event/', { after: key(cursor) })) {
        const event = entry.value as unknown as Event
        if (event.id > until) break
        cursor = event.id
        if (event.project === project) yield event
        if (++read % AT_A_TIME === 0) await setImmediate()
      }
      cursor = Math.max(cursor, until)
      if (this.#durable === until) await this.#news(signal)
    }
  }

  /** All up to this id are durable, or lost. */
  get #durable(): number {
    const [first] = this.#open
    return first === undefined ? this.#last : first - 1
  }

  #event(type: string, data: Event['data']): Event {
    this.#last += 1
    this.#open.add(this.#last)
    return { id: this.#last, project: data.project, type, data }
  }

  #counter(): Write {
    return { put: COUNTER, value: this.#last }
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
    this.#timer = undefined
    const events = this.#pending
    if (events.length === 0) return
    this.#pending = []
    try {
      await this.#store.commit([...events.flatMap(writes), this.#counter()])
    } catch (error) {
      // The resources themselves are as they are; a stream resumed over this gap learns of them by its next event.
      this.#log.error({ err: error, lost: events.length }, 'events could not be stored')
    }
    this.settle(events.map(({ id }) => id))
  }
}

function writes(event: Event): Write[] {
  const put: Write = { put: key(event.id), value: event as unknown as Json }
  return event.id > KEPT ? [put, { remove: key(event.id - KEPT) }] : [put]
}
