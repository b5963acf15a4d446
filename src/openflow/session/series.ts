/**
 * Messages that a switch applies one after the other, each by itself. Used for messages that bundles do not support.
 */
import type { Message } from '../messages/message.ts'
import type { Refused } from './bundle-error.ts'
import type { ErrorTaker, Requests } from './requests.ts'
import { SentMessages, sendAll } from './sent-messages.ts'

/**
 * Sends the messages and a barrier.
 * @returns the messages that were refused; all others are applied
 */
export async function sendSeries(requests: Requests, messages: Iterable<Message>): Promise<readonly Refused[]> {
  const sent = new SentMessages()
  const refused: Refused[] = []
  const taker: ErrorTaker = (xid, error) => {
    const found = sent.find(xid)
    if (found) refused.push({ ...found, error })
    return found !== undefined
  }
  requests.errorTakers.add(taker)
  try {
    await sendAll(requests, messages, { sent, refused, inside: (message) => message })
    await requests.request({ type: 'barrier_request' })
    return refused
  } finally {
    requests.errorTakers.delete(taker)
  }
}
