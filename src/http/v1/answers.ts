/** Answers with resources: their revision is the ETag, and the status is 202 until all switches have confirmed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { Settling } from '../../core/settling.ts'
import { etag, waitOf } from './headers.ts'
import type { Call } from './route.ts'

/** The longest time that an answer waits for switches to confirm removed or changed rules. */
const MAX_SETTLING_MS = 5_000

/**
 * The longest time that an answer is held, whatever the caller asks for. nginx and other proxies answer 504 themselves if they
 * have read nothing for 60 s.
 */
const MAX_HELD_MS = 57_000

/** The ETag is the revision. It does not cover the status, so If-None-Match is not supported. */
export function resource(reply: FastifyReply, status: number, view: object): FastifyReply {
  const { revision } = view as { revision?: unknown }
  if (typeof revision === 'number') reply.header('etag', etag(revision))
  return reply.code(status).send(view)
}

/**
 * Waits if the caller asks for it with `Prefer: wait`.
 * @param now the current resource
 * @param wait waits, and resolves with the resource after the wait
 * @returns the current resource, or the one after the wait
 */
export async function held<View>(
  { request, reply }: Call,
  now: View,
  wait: (milliseconds: number, hungUp: AbortSignal) => Promise<View>,
): Promise<View> {
  const seconds = waitOf(request.headers.prefer)
  if (seconds === null) return now
  // If there are too many held answers, this one comes at once, as if the caller had not asked for anything else.
  if (seconds > 0 && request.use?.become('held')) return now
  reply.header('preference-applied', `wait=${seconds}`)
  if (seconds === 0) return now
  const hungUp = new AbortController()
  reply.raw.once('close', () => hungUp.abort())
  try {
    return await wait(Math.min(seconds * 1000, MAX_HELD_MS), hungUp.signal)
  } finally {
    request.use?.release()
  }
}

/** Waits until the switches have confirmed, but not at all if there are too many held answers. */
async function settled<View>({ request }: FastifyReply, settling: Settling<View>): Promise<boolean> {
  const isFull = request.use?.become('held') !== undefined
  const done = await settling.settled(isFull ? 0 : MAX_SETTLING_MS)
  request.use?.release()
  return done
}

/** Waits for switches to confirm. @returns whether they have in time */
export async function inTime(confirmed: Promise<void>): Promise<boolean> {
  const stopping = new AbortController()
  const late = sleep(MAX_SETTLING_MS, false, { signal: stopping.signal }).catch(() => false)
  const isDone = await Promise.race([confirmed.then(() => true), late])
  stopping.abort()
  return isDone
}

/** Answers 204 if the switches have confirmed, otherwise 202 with the object. */
export async function gone<View extends object>(reply: FastifyReply, settling: Settling<View>): Promise<FastifyReply> {
  if (await settled(reply, settling)) return reply.code(204).send()
  return resource(reply, 202, settling.now() ?? settling.view)
}

/** Answers with the object: 200 if the switches have confirmed, otherwise 202. */
export async function changed<View extends object>(
  reply: FastifyReply,
  settling: Settling<View>,
): Promise<FastifyReply> {
  const done = await settled(reply, settling)
  return resource(reply, done ? 200 : 202, settling.now() ?? settling.view)
}
