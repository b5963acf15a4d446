/**
 * A project's events as a stream (server-sent events). A slow reader needs no buffer: the stream waits for it, and ends if it does not
 * read for long.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { PlugboardError } from '../../core/errors.ts'
import type { Event, EventLog, Resync } from '../../core/event-log.ts'
import type { ProjectId } from '../../core/operations.ts'
import { quoted } from '../../core/quoted.ts'
import type { ApiContext } from '../api.ts'
import { responses } from '../responses.ts'
import { SECURITY_HEADERS } from '../security-headers.ts'
import { PROJECT } from './route.ts'
import { paramsOf } from './schemas.ts'

/** The interval of comments in the stream. They detect dead connections, and keep proxies from giving up on a silent one. */
const HEARTBEAT_INTERVAL_MS = 5_000

const EVENTS = `${PROJECT}/events`

export function mountEvents(app: FastifyInstance, events: EventLog, unread: ApiContext['unread']): void {
  app.get(
    EVENTS,
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'events',
        summary: 'What happens to the resources of a project, as server-sent events',
        produces: ['text/event-stream'],
        params: paramsOf(EVENTS),
        headers: Type.Object({
          'last-event-id': Type.Optional(Type.String({ description: 'resume after this event' })),
        }),
        response: responses({
          200: Type.String({ description: 'events: id, event, and as data the resource as it then was' }),
        }),
      },
    },
    async (request, reply) => {
      const lastId = lastIdOf(request.headers['last-event-id'])
      const refusal = request.use?.become('streams')
      if (refusal) throw refusal
      const hungUp = new AbortController()
      reply.raw.once('close', () => hungUp.abort())
      const stream = events.subscribe((request.params as { project: ProjectId }).project, lastId, hungUp.signal)
      reply.hijack()
      reply.raw.writeHead(200, {
        ...SECURITY_HEADERS,
        'content-type': 'text/event-stream',
        // A proxy must not compress the stream: it would collect what it compresses.
        'cache-control': 'no-store, no-transform',
        // nginx collects answers unless they say this, and then sends not even the status line of a quiet stream.
        'x-accel-buffering': 'no',
        'x-request-id': request.id,
      })
      const drop = () => {
        unread.ended()
        request.log.info({ seconds: unread.seconds }, 'an event stream is not read, so it is ended')
        reply.raw.destroy()
      }
      // Some proxies pass the head on only with the first octets of the body.
      reply.raw.write(': connected\n\n')
      const heartbeat = beat(reply.raw, unread.seconds * 1000, drop)
      try {
        await write(reply.raw, stream, hungUp.signal)
      } catch (error) {
        if (!hungUp.signal.aborted) request.log.error({ err: error }, 'an event stream ended early')
      } finally {
        clearInterval(heartbeat)
        reply.raw.end()
      }
    },
  )
}

async function write(to: ServerResponse, stream: AsyncIterable<Event | Resync>, signal: AbortSignal): Promise<void> {
  for await (const event of stream) {
    if (!to.write(textOf(event))) await once(to, 'drain', { signal })
  }
}

/** Events as text. All streams of a project write the same text. */
const texts = new WeakMap<Event | Resync, string>()

function textOf(event: Event | Resync): string {
  const known = texts.get(event)
  if (known !== undefined) return known
  const data = event.type === 'resync' ? {} : (event as Event).data
  const text = `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`
  texts.set(event, text)
  return text
}

/**
 * Writes comments while the reader reads.
 * @param drop called when it has not read for `maxUnreadMs`
 */
function beat(to: ServerResponse, maxUnreadMs: number, drop: () => void): NodeJS.Timeout {
  const intervalMs = Math.min(HEARTBEAT_INTERVAL_MS, maxUnreadMs)
  let unreadMs = 0
  to.on('drain', () => {
    unreadMs = 0
  })
  return setInterval(() => {
    if (!to.writableNeedDrain) to.write(': still here\n\n')
    else if (unreadMs >= maxUnreadMs) drop()
    else unreadMs += intervalMs
  }, intervalMs)
}

/** @throws PlugboardError `bad-request` */
function lastIdOf(header: string | string[] | undefined): number | null {
  if (header === undefined || header === '') return null
  if (/^\d{1,15}$/.test(String(header))) return Number(header)
  throw new PlugboardError('bad-request', `Last-Event-ID holds ${quoted(header)}: it must be the id of an event`, {
    field: 'last-event-id',
  })
}
