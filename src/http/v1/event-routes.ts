/** A project's events as a stream (server-sent events). A slow reader needs no buffer: the stream waits for it. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { PlugboardError } from '../../core/errors.ts'
import type { Event, EventLog, Resync } from '../../core/event-log.ts'
import type { ProjectId } from '../../core/operations.ts'
import { quoted } from '../../core/quoted.ts'
import { responses } from '../responses.ts'
import { PROJECT } from './route.ts'
import { paramsOf } from './schemas.ts'

/** The interval of comments in the stream. They detect dead connections, and keep proxies from giving up on a silent one. */
const HEARTBEAT_INTERVAL_MS = 5_000

const EVENTS = `${PROJECT}/events`

export function mountEvents(app: FastifyInstance, events: EventLog): void {
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
      const hungUp = new AbortController()
      reply.raw.once('close', () => hungUp.abort())
      const stream = events.subscribe((request.params as { project: ProjectId }).project, lastId, hungUp.signal)
      reply.hijack()
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream',
        // A proxy must not compress the stream: it would collect what it compresses.
        'cache-control': 'no-store, no-transform',
        // nginx collects answers unless they say this, and then sends not even the status line of a quiet stream.
        'x-accel-buffering': 'no',
        'x-request-id': request.id,
      })
      // Some proxies pass the head on only with the first octets of the body.
      reply.raw.write(': connected\n\n')
      try {
        await write(reply.raw, stream, hungUp.signal)
      } catch (error) {
        if (!hungUp.signal.aborted) request.log.error({ err: error }, 'an event stream ended early')
      } finally {
        reply.raw.end()
      }
    },
  )
}

async function write(to: ServerResponse, stream: AsyncIterable<Event | Resync>, signal: AbortSignal): Promise<void> {
  const heartbeat = setInterval(() => {
    if (!to.writableNeedDrain) to.write(': still here\n\n')
  }, HEARTBEAT_INTERVAL_MS)
  try {
    for await (const event of stream) {
      const data = event.type === 'resync' ? {} : (event as Event).data
      const full = !to.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`)
      if (full) await once(to, 'drain', { signal })
    }
  } finally {
    clearInterval(heartbeat)
  }
}

/** @throws PlugboardError `bad-request` */
function lastIdOf(header: string | string[] | undefined): number | null {
  if (header === undefined || header === '') return null
  if (/^\d{1,15}$/.test(String(header))) return Number(header)
  throw new PlugboardError('bad-request', `Last-Event-ID holds ${quoted(header)}: it must be the id of an event`, {
    field: 'last-event-id',
  })
}
