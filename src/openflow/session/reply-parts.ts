/** The parts of a long answer, as they come. If they are not taken, the peer is not read further. */
import { OpenFlowError } from '../wire/openflow-error.ts'
import type { Channel } from './channel.ts'
import { Queue } from './queue.ts'

/** The maximum number of octets of parts that wait to be taken. */
const MAX_UNREAD_OCTETS = 1024 * 1024

export class ReplyParts<Part> implements AsyncIterable<Part> {
  readonly #channel: Channel
  readonly #queue = new Queue<Part>({ taken: () => this.#taken() })
  #late: NodeJS.Timeout | undefined

  constructor(channel: Channel) {
    this.#channel = channel
    void channel.closed.then(() => this.#release())
  }

  push(part: Part, octets: number): void {
    this.#queue.push(part, octets)
    if (this.#late || this.#queue.octets <= MAX_UNREAD_OCTETS) return
    this.#channel.hold(this)
    this.#late = setTimeout(() => this.#giveUp(), this.#channel.timeoutMs)
  }

  close(): void {
    this.#queue.close()
  }

  fail(error: OpenFlowError): void {
    this.#queue.fail(error)
  }

  /** Discards the rest. */
  abandon(): void {
    this.#queue.abandon()
  }

  [Symbol.asyncIterator](): AsyncGenerator<Part, void, void> {
    return this.#queue[Symbol.asyncIterator]()
  }

  #taken(): void {
    if (this.#queue.octets <= MAX_UNREAD_OCTETS / 2) this.#release()
    else this.#late?.refresh()
  }

  /**
   * Discards the answer, because other requests wait for answers behind it. The consumer of the parts may be waiting
   * for one of them itself.
   */
  #giveUp(): void {
    this.#queue.fail(new OpenFlowError('timeout', `the answer was not taken for ${this.#channel.timeoutMs} ms`))
    this.#queue.abandon()
  }

  #release(): void {
    if (!this.#late) return
    clearTimeout(this.#late)
    this.#late = undefined
    this.#channel.release(this)
  }
}
