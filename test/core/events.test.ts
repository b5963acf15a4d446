/** The cost of events and of waits: what happens in one project costs the streams and waits of others nothing. */
import pino from 'pino'
import t from 'tap'
import type { Event, Resync } from '../../src/core/event-log.ts'
import { Events } from '../../src/core/events.ts'
import { MAX_EVENTS } from '../../src/core/persist.ts'
import { Stopping } from '../../src/core/stopping.ts'
import { Turns } from '../../src/core/turns.ts'
import { waitUntil } from '../../src/core/waiting.ts'
import type { ProjectId } from '../../topology/ids.ts'

/** Counts the waits for the end of the controller: a stream has one for each time that it goes on waiting. */
class CountedStopping extends Stopping {
  waits = 0
  now = 0

  override watch(callback: () => void): () => void {
    this.waits += 1
    this.now += 1
    const end = super.watch(callback)
    return () => {
      this.now -= 1
      end()
    }
  }
}

const event = (id: number, project: string): Event =>
  ({ id, project, type: 'vnic.status', data: { id: `v${id}`, project, status: 'active', migration: null } }) as Event

function eventsOf(kept: readonly Event[] = []) {
  const stopping = new CountedStopping()
  const log = pino({ level: 'silent' })
  const events = new Events({ kept, last: kept.at(-1)?.id ?? 0, log, stopping, flush: () => undefined })
  const stop = new AbortController()
  const follow = (project: string, lastId: number | null = null) => {
    const stream = events.subscribe(project as ProjectId, lastId, stop.signal)
    return { stream, next: async (): Promise<Event | Resync | undefined> => (await stream.next()).value ?? undefined }
  }
  return { events, stopping, follow, stop }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('B130: an event wakes the streams of its own project alone', async (t) => {
  const { events, stopping, follow } = eventsOf()
  const red = Array.from({ length: 200 }, () => follow('red').next())
  const blue = follow('blue').next()
  t.equal(stopping.waits, 201)
  events.append([event(1, 'blue')])
  t.match(await blue, { id: 1, project: 'blue' })
  for (let n = 0; n < 10; n++) await turn()
  t.equal(stopping.waits, 201, 'no other stream has gone on waiting anew')
  events.append([event(2, 'red')])
  t.match(await Promise.all(red), Array(200).fill({ id: 2 }), 'all of them, over several turns')
  t.equal(stopping.now, 0)
})

t.test('B130: streams of a project that has many let those of others go first', async (t) => {
  const turns = new Turns()
  const called: string[] = []
  turns.call(Array.from({ length: 1000 }, (_, n) => () => called.push(`red ${n}`)))
  turns.call([() => called.push('blue')])
  while (!called.includes('blue')) await turn()
  t.ok(called.length < 200, `${called.length} of 1,001 were called before it`)
  while (called.length < 1001) await turn()
  t.equal(new Set(called).size, 1001)
})

t.test('B130: a stream that is called has each event once, however many come meanwhile', async (t) => {
  const { events, follow } = eventsOf()
  const streams = Array.from({ length: 100 }, () => follow('red'))
  const first = streams.map(({ next }) => next())
  for (let id = 1; id <= 20; id++) events.append([event(id, 'red')])
  t.match(await Promise.all(first), Array(100).fill({ id: 1 }))
  for (let id = 2; id <= 20; id++) {
    t.match(await Promise.all(streams.map(({ next }) => next())), Array(100).fill({ id }))
  }
})

t.test('B131: a reader that falls behind is told to read the lists again, and goes on with new events', async (t) => {
  const { events, follow } = eventsOf()
  const [slow, other] = [follow('red', 0), follow('blue', 0)]
  events.append([event(1, 'red'), event(2, 'blue'), event(3, 'red')])
  t.match(await slow.next(), { id: 1 })
  t.match(await other.next(), { id: 2 })
  for (let id = 4; id <= MAX_EVENTS + 3; id++) events.append([event(id, 'red')])
  t.match(await slow.next(), { type: 'resync', id: MAX_EVENTS + 3 }, 'event 3 is not kept any more')
  events.append([event(MAX_EVENTS + 4, 'red'), event(MAX_EVENTS + 5, 'blue')])
  t.match(await slow.next(), { id: MAX_EVENTS + 4 })
  t.match(await other.next(), { id: MAX_EVENTS + 5 }, 'this project has lost nothing')
})

t.test(
  'a reader that resumes before the oldest event gets a resync; one that has seen all of them does not',
  async (t) => {
    const kept = [5, 6, 7].map((id) => event(id, 'red'))
    const { follow } = eventsOf(kept)
    t.match(await follow('red', 3).next(), { type: 'resync', id: 7 })
    t.match(await follow('red', 4).next(), { id: 5 })
    t.match(await follow('red', 99).next(), { type: 'resync', id: 7 })
  },
)

t.test('B130: all waits end when the controller stops, and leave nothing behind', async (t) => {
  const stopping = new CountedStopping()
  let watched = 0
  const wait = (met: () => boolean) =>
    waitUntil({
      met,
      watch: () => {
        watched += 1
        return () => {
          watched -= 1
        }
      },
      milliseconds: 60_000,
      stopping,
    })
  const waits = Array.from({ length: 20_000 }, () => wait(() => false))
  t.equal(stopping.now, 20_000)
  stopping.begin()
  t.ok((await Promise.all(waits)).every((met) => !met))
  t.same([stopping.now, watched], [0, 0])
  t.equal(await wait(() => false), false, 'no wait begins after that')
})
