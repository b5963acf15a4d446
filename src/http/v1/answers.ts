/** How resources are answered: with their revision as ETag, and 202 for what is not done yet. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Settling } from '../../core/operations.ts'
import { etag, waitOf } from './headers.ts'

/** What takes rules away answers when the switches have confirmed, or after this time, milliseconds. */
const SETTLING = 5_000

/** A revision says nothing of the status, so it answers no If-None-Match. */
export function resource(reply: FastifyReply, status: number, view: object): FastifyReply {
  const { revision } = view as { revision?: unknown }
  if (typeof revision === 'number') reply.header('etag', etag(revision))
  return reply.code(status).send(view)
}

/**
 * `Prefer: wait`: what is there now, or what it is when the answer has been held for as long as that takes or the caller
 * waits.
 */
export async function held<View>(
  request: FastifyRequest,
  reply: FastifyReply,
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

/** 204, or 202 with the object as it is by then. */
export async function gone<View extends object>(reply: FastifyReply, settling: Settling<View>): Promise<FastifyReply> {
  if (await settling.settled(SETTLING)) return reply.code(204).send()
  return resource(reply, 202, settling.now() ?? settling.view)
}

/** 200 with the object, or 202 while switches have not confirmed. */
export async function changed<View extends object>(
  reply: FastifyReply,
  settling: Settling<View>,
): Promise<FastifyReply> {
  const done = await settling.settled(SETTLING)
  return resource(reply, done ? 200 : 202, settling.now() ?? settling.view)
}
