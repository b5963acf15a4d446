/** The kept events, by project. So a reader of one project never looks at the events of another one. */
import type { Event } from './event-log.ts'

/** The events of one project. */
export interface ProjectLog {
  /** The kept events, oldest first. */
  readonly events: Event[]
  /** The id of the last event that is not kept any more. A reader that has not seen it has missed something. */
  dropped: number
  /** The number of streams that read it. */
  streams: number
  /** The streams that wait for the next event. */
  waiting: Set<() => void>
}

export class EventLogs {
  readonly #max: number
  /** Projects that have events or streams. */
  readonly #logs = new Map<string, ProjectLog>()
  /** The kept events of all projects, oldest first. */
  readonly #all: Event[] = []
  /** The id of the last event of any project that is not kept any more. */
  #dropped: number

  /** @param max the number of events to keep @param dropped the id of the last event that is not kept any more */
  constructor(max: number, dropped: number) {
    this.#max = max
    this.#dropped = dropped
  }

  all(): Iterable<Event> {
    return this.#all.values()
  }

  /** Called when a stream begins to read the events of a project. */
  open(project: string): ProjectLog {
    const log = this.#of(project)
    log.streams += 1
    return log
  }

  /** Called when such a stream has ended. */
  close(project: string): void {
    const log = this.#of(project)
    log.streams -= 1
    this.#forget(project, log)
  }

  add(event: Event): ProjectLog {
    const log = this.#of(event.project)
    log.events.push(event)
    this.#all.push(event)
    if (this.#all.length > this.#max) this.#dropOldest()
    return log
  }

  #of(project: string): ProjectLog {
    const log = this.#logs.get(project) ?? { events: [], dropped: this.#dropped, streams: 0, waiting: new Set() }
    this.#logs.set(project, log)
    return log
  }

  #forget(project: string, { events, streams }: ProjectLog): void {
    if (events.length === 0 && streams === 0) this.#logs.delete(project)
  }

  #dropOldest(): void {
    const oldest = this.#all.shift()
    if (!oldest) return
    this.#dropped = oldest.id
    const log = this.#of(oldest.project)
    log.events.shift()
    log.dropped = oldest.id
    this.#forget(oldest.project, log)
  }
}

/** The first kept event of a project with a greater id. */
export function firstAfter({ events }: ProjectLog, id: number): Event | undefined {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle]?.id ?? 0) <= id) low = middle + 1
    else high = middle
  }
  return events[low]
}
