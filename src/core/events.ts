/**
 * The event log: what happened to resources. Events are stored in the same commit as the operation that caused them, so that ids
 * keep increasing after a restart and a client can resume a stream. Streams read from memory, which keeps the last events. Each
 * stream reads at its own pace, and a slow stream needs no buffer of its own. An event costs only its project's streams something.
 */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ProjectId } from '../../topology/ids.ts'
import type { Operation } from './batch.ts'
import type { Event, EventLog, Resync } from './event-log.ts'
import { EventLogs, firstAfter, type ProjectLog } from './event-logs.ts'
import { MAX_EVENTS } from './persist.ts'
import type { Stopping } from './stopping.ts'
import { Turns } from './turns.ts'

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
  readonly stopping: Stopping
  /** Begins a commit that stores the collected events. */
  flush(): void
}

export class Events implements EventLog {
  readonly #context: Context
  readonly #logs: EventLogs
  readonly #turns = new Turns()
  #last: number
  #gathered: News[] = []
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(context: Context) {
    this.#context = context
    this.#last = context.last
    this.#logs = new EventLogs(MAX_EVENTS, (context.kept[0]?.id ?? context.last + 1) - 1)
    for (const event of context.kept) this.#logs.add(event)
  }

  /** The kept events, oldest first. */
  recall(): Iterable<Event> {
    return this.#logs.all()
  }

  /** Stops collecting changes of status: when the controller stops, the resources do not change. */
  end(): void {
    this.#ended = true
    if (this.#gathered.length > 0) this.#context.flush()
  }

  /** Called when events are durable: streams can read them from now on. */
  append(events: readonly Event[]): void {
    const changed = new Set<ProjectLog>()
    for (const event of events) {
      if (event.id <= this.#last) continue
      changed.add(this.#logs.add(event))
      this.#last = event.id
    }
    for (const log of changed) {
      const { waiting } = log
      // Taken out at once, so that a stream is called once, however many events follow before its turn.
      log.waiting = new Set()
      this.#turns.call(waiting)
    }
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
    if (cursor > this.#last) {
      cursor = this.#last
      yield { id: cursor, type: 'resync' }
    }
    const log = this.#logs.open(project)
    try {
      yield* this.#read(log, cursor, signal)
    } finally {
      this.#logs.close(project)
    }
  }

  async *#read(log: ProjectLog, after: number, signal: AbortSignal): AsyncGenerator<Event | Resync> {
    let cursor = after
    let read = 0
    while (!signal.aborted && !this.#context.stopping.begun) {
      const event = firstAfter(log, cursor)
      // Also if a slow reader has fallen so far behind that events were dropped before it has read them.
      const hasMissed = cursor < log.dropped
      if (hasMissed) {
        cursor = this.#last
        yield { id: cursor, type: 'resync' }
      } else if (event) {
        cursor = event.id
        yield event
      } else await this.#more(log, signal)
      if (++read % MAX_EVENTS_PER_TURN === 0) await setImmediate()
    }
  }

  /** Resolves when the project has a new event, the signal has fired or the controller stops. */
  #more(log: ProjectLog, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        log.waiting.delete(end)
        signal.removeEventListener('abort', end)
        goOn()
        resolve()
      }
      const goOn = this.#context.stopping.watch(end)
      log.waiting.add(end)
      signal.addEventListener('abort', end)
    })
  }
}
