import type { Session } from '../openflow/index.ts'

/** A switch that is there answers far sooner. */
const MAX_ANSWER_MS = 1_000

/** Does a switch answer a request within a second? */
export async function answersInTime(session: Session): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  // If this process was busy, an answer may have come that was not read yet.
  const timer = setTimeout(() => setTimeout(resolve, 0, false), MAX_ANSWER_MS).unref()
  session.barrier().then(
    () => resolve(true),
    () => resolve(false),
  )
  const answers = await promise
  clearTimeout(timer)
  return answers
}
