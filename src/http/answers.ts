/** How resources are answered: with their revision as ETag, and 202 for what is not done yet. */
import type { FastifyReply } from 'fastify'
import type { Settling } from '../control/operations.ts'
import { etag } from './headers.ts'

/** What takes rules away answers when the switches have confirmed, or after this time, milliseconds. */
const SETTLING = 5_000

/** A revision says nothing of the status, so it answers no If-None-Match. */
export function resource(reply: FastifyReply, status: number, view: object): FastifyReply {
  const { revision } = view as { revision?: unknown }
  if (typeof revision === 'number') reply.header('etag', etag(revision))
  return reply.code(status).send(view)
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
