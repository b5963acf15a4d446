/** The parts of a long answer as they come, no faster than they are taken: meanwhile the peer is read no more. */
import { OpenFlowError } from '../wire/openflow-error.ts'
import type { Wire } from './channel.ts'
import { Queue } from './queue.ts'

/** Octets of parts that may wait to be taken. */
const MOST_UNREAD = 1024 * 1024

export class Parts<Part> implements AsyncIterable<Part> {
  readonly #wire: Wire
  readonly #queue = new Queue<Part>({ taken: () => this.#taken() })
  #late: NodeJS.Timeout | undefined

  constructor(wire: Wire) {
    this.#wire = wire
    void wire.closed.then(() => this.#release())
  }

  push(part: Part, octets: number): void {
    this.#queue.push(part, octets)
    if (this.#late || this.#queue.octets <= MOST_UNREAD) return
    this.#wire.hold(this)
    this.#late = setTimeout(() => this.#giveUp(), this.#wire.patience)
  }

  close(): void {
    this.#queue.close()
  }

  fail(error: OpenFlowError): void {
    this.#queue.fail(error)
  }

  /** Nobody wants the rest. */
  abandon(): void {
    this.#queue.abandon()
  }

  [Symbol.asyncIterator](): AsyncGenerator<Part, void, void> {
    return this.#queue[Symbol.asyncIterator]()
  }

  #taken(): void {
    if (this.#queue.octets <= MOST_UNREAD / 2) this.#release()
    else this.#late?.refresh()
  }

  /** Others wait for answers behind these parts, perhaps even he who should take them. */
  #giveUp(): void {
    this.#queue.fail(new OpenFlowError('timeout', `nobody took the answer for ${this.#wire.patience} ms`))
    this.#queue.abandon()
  }

  #release(): void {
    if (!this.#late) return
    clearTimeout(this.#late)
    this.#late = undefined
    this.#wire.release(this)
  }
}
