/** Messages that are sent together, and which of them an error is about. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Message } from '../messages/message.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import type { Refused } from './bundle-error.ts'
import type { Requests } from './requests.ts'

/** Milliseconds of one turn of the event loop in which messages are written, before others have theirs. */
const SLICE = 4

interface Sending {
  readonly members: Members
  /** Takes what cannot be encoded: it is refused here, as the rest is by the switch. */
  readonly refused: Refused[]
  /** The message that carries it. */
  inside(message: Message): Message
  /** Fires when there is no use in sending more. */
  readonly lost?: AbortSignal
}

/** @throws the reason of `lost`, as soon as it is known */
export async function sendMembers(requests: Requests, messages: Iterable<Message>, sending: Sending): Promise<void> {
  const { members, refused, inside, lost } = sending
  let began = performance.now()
  for (const message of messages) {
    lost?.throwIfAborted()
    try {
      members.add(requests.send(inside(message)), message)
    } catch (error) {
      if (!(error instanceof OpenFlowError) || error.code !== 'out-of-range') throw error
      refused.push({ index: members.add(undefined, message), message, error })
    }
    if (requests.wire.isFull) await requests.wire.drained()
    else if (performance.now() - began < SLICE) continue
    else await turn()
    began = performance.now()
  }
}

/** Which message has which xid. Arrays, since a map of 100,000 takes long turns to grow. */
export class Members {
  readonly #messages: Message[] = []
  /** Ascending, but for one wrap past the last xid; what was never sent has that of the one before. */
  readonly #xids: number[] = []

  /** @returns the message's place */
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
