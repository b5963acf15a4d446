/** Messages that a switch does one after the other, each by itself: those that bundles do not take. */
import type { Message } from '../messages/message.ts'
import type { Refused } from './bundle-error.ts'
import type { ErrorTaker, Requests } from './requests.ts'
import { Members, sendMembers } from './sent-messages.ts'

/** Send them, with a barrier behind. @returns those that were refused; the others are done */
export async function sendSeries(requests: Requests, messages: Iterable<Message>): Promise<readonly Refused[]> {
  const members = new Members()
  const refused: Refused[] = []
  const taker: ErrorTaker = (xid, error) => {
    const member = members.find(xid)
    if (member) refused.push({ ...member, error })
    return member !== undefined
  }
  requests.errorTakers.add(taker)
  try {
    await sendMembers(requests, messages, { members, refused, inside: (message) => message })
    await requests.request({ type: 'barrier_request' })
    return refused
  } finally {
    requests.errorTakers.delete(taker)
  }
}
