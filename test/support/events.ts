/** A client of the event stream, over a real socket. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Seen {
  readonly id: number
  readonly event: string
  readonly data: Record<string, unknown>
}

/** Reads the stream of a project until it is stopped. */
export async function follow(url: string, lastId?: number, more: Readonly<Record<string, string>> = {}) {
  const stop = new AbortController()
  const headers = { ...more, ...(lastId !== undefined && { 'last-event-id': String(lastId) }) }
  const response = await fetch(url, { headers, signal: stop.signal })
  const seen: Seen[] = []
  const reading = (async () => {
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const field = (name: string) => text.slice(0, end).match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1] ?? ''
        if (field('event'))
          seen.push({ id: Number(field('id')), event: field('event'), data: JSON.parse(field('data')) })
        text = text.slice(end + 2)
      }
    }
  })()
  const ended = reading.catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })
  const until = async (count: number) => {
    while (seen.length < count) await sleep(5)
    return seen
  }
  return { response, seen, until, ended, stop: () => stop.abort() }
}
