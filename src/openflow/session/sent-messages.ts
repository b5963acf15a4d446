/** Sends messages together, and finds the message that an error is about. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Message } from '../messages/message.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import type { Refused } from './bundle-error.ts'
import type { Requests } from './requests.ts'

/** Milliseconds of one turn of the event loop that may be spent on writing. */
const WRITE_SLICE_MS = 4

interface Sending {
  readonly sent: SentMessages
  /** Collects messages that cannot be encoded. They count as refused, like those that the switch refuses. */
  readonly refused: Refused[]
  /** Wraps a message in the one that is sent. */
  inside(message: Message): Message
  /** Aborted when it is useless to send more. */
  readonly lost?: AbortSignal
}

/**
 * Sends the messages in slices, no faster than the peer reads.
 * @throws the reason of `lost` when it is aborted
 */
export async function sendAll(requests: Requests, messages: Iterable<Message>, sending: Sending): Promise<void> {
  const { sent, refused, inside, lost } = sending
  let began = performance.now()
  for (const message of messages) {
    lost?.throwIfAborted()
    try {
      sent.add(requests.send(inside(message)), message)
    } catch (error) {
      if (!(error instanceof OpenFlowError) || error.code !== 'out-of-range') throw error
      refused.push({ index: sent.add(undefined, message), message, error })
    }
    if (requests.channel.isFull) await requests.channel.drained()
    else if (performance.now() - began < WRITE_SLICE_MS) continue
    else await turn()
    began = performance.now()
  }
}

/** Finds messages by xid. It uses arrays, because a map of 100,000 entries blocks the event loop while it grows. */
export class SentMessages {
  readonly #messages: Message[] = []
  /** Ascending, except for one wrap after the last xid. A message that was never sent has the xid of the one before. */
  readonly #xids: number[] = []

  /** @returns the index of the message */
  add(xid: number | undefined, message: Message): number {
    this.#xids.push(xid ?? this.#xids.at(-1) ?? 0)
    return this.#messages.push(message) - 1
  }

  find(xid: number): { readonly index: number; readonly message: Message } | undefined {
    const place = (one: number): number => (one - (this.#xids[0] ?? 0)) >>> 0
    let [low, high] = [0, this.#xids.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (place(this.#xids[middle] ?? 0) < place(xid)) low = middle + 1
      else high = middle
    }
    const message = this.#xids[low] === xid ? this.#messages[low] : undefined
    return message && { index: low, message }
  }
}
