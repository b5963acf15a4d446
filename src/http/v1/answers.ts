/** How resources are answered: with their revision as ETag, and with 202 where switches have yet to confirm. */
import type { FastifyReply } from 'fastify'
import type { Settling } from '../../core/settling.ts'
import { etag, waitOf } from './headers.ts'
import type { Call } from './route.ts'

/** How long an answer waits for switches to confirm that rules are gone or changed. */
const MAX_SETTLING_MS = 5_000

/** The ETag is the revision. It does not cover the status, so If-None-Match is not supported. */
export function resource(reply: FastifyReply, status: number, view: object): FastifyReply {
  const { revision } = view as { revision?: unknown }
  if (typeof revision === 'number') reply.header('etag', etag(revision))
  return reply.code(status).send(view)
}

/**
 * `Prefer: wait`.
 * @param now the resource as it is
 * @param wait resolves with the resource as it is after a wait
 * @returns one of the two, as the caller prefers
 */
export async function held<View>(
  { request, reply }: Call,
  now: View,
  wait: (milliseconds: number, hungUp: AbortSignal) => Promise<View>,
): Promise<View> {
  const seconds = waitOf(request.headers.prefer)
  if (seconds !== null) reply.header('preference-applied', `wait=${seconds}`)
  if (!seconds) return now
  const hungUp = new AbortController()
  reply.raw.once('close', () => hungUp.abort())
  return wait(seconds * 1000, hungUp.signal)
}

/** 204, or 202 with the object while switches have not confirmed. */
export async function gone<View extends object>(reply: FastifyReply, settling: Settling<View>): Promise<FastifyReply> {
  if (await settling.settled(MAX_SETTLING_MS)) return reply.code(204).send()
  return resource(reply, 202, settling.now() ?? settling.view)
}

/** 200 with the object, or 202 while switches have not confirmed. */
export async function changed<View extends object>(
  reply: FastifyReply,
  settling: Settling<View>,
): Promise<FastifyReply> {
  const done = await settling.settled(MAX_SETTLING_MS)
  return resource(reply, done ? 200 : 202, settling.now() ?? settling.view)
}
