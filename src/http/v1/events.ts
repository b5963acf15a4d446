/** A project's events as a stream (server-sent events). A slow reader is waited for; it holds nothing but its place. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { ProjectId } from '../../../topology/ids.ts'
import { PlugboardError } from '../../core/errors.ts'
import type { Event, EventLog, Resync } from '../../core/operations.ts'
import { OPAQUE } from '../../core/resources/resource-schemas.ts'
import { answers } from './schemas.ts'

/** A comment goes out after this time without events, so that a dead connection is found, milliseconds. */
const HEARTBEAT = 15_000

export const eventRoutes =
  (events: EventLog): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/projects/:project/events',
      {
        exposeHeadRoute: false,
        schema: {
          operationId: 'events',
          summary: 'What happens to the resources of a project, as server-sent events',
          produces: ['text/event-stream'],
          params: Type.Object({ project: Type.String({ pattern: OPAQUE }) }),
          headers: Type.Object({
            'last-event-id': Type.Optional(Type.String({ description: 'resume after this event' })),
          }),
          response: answers({
            200: Type.String({ description: 'events: id, event, and as data the resource as it then was' }),
          }),
        },
      },
      async (request, reply) => {
        const lastId = lastIdOf(request.headers['last-event-id'])
        const hungUp = new AbortController()
        reply.raw.once('close', () => hungUp.abort())
        const stream = events.subscribe(request.params.project as ProjectId, lastId, hungUp.signal)
        reply.hijack()
        reply.raw.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          'x-request-id': request.id,
        })
        reply.raw.flushHeaders()
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
  }, HEARTBEAT)
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

function lastIdOf(header: string | undefined): number | null {
  if (header === undefined || header === '') return null
  if (/^\d{1,15}$/.test(header)) return Number(header)
  throw new PlugboardError('bad-request', `Last-Event-ID holds "${header}": it must be the id of an event`, {
    field: 'last-event-id',
  })
}
