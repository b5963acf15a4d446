/**
 * Reads the messages of one connection. Long messages are parsed in slices, and meanwhile nothing more is read from the
 * socket. What a peer may send is bounded: the size of a message, the time that it takes, and the octets that all
 * connections of a listener hold.
 */
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { Framer, parse } from './json-framer.ts'
import { parseInSteps } from './json-steps.ts'
import type { MessageBudget } from './message-budget.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { inSlices } from './parse-queue.ts'

/** Milliseconds of one turn of the event loop that may be spent on the messages of one connection. */
const READ_SLICE_MS = 4
/** `JSON.parse` takes about a millisecond for as many octets, and two for the slowest text. */
const MAX_OCTETS_AT_ONCE = 64 * 1024

interface Context {
  readonly socket: Socket
  readonly maxMessage: number
  /** Milliseconds from the first octet of a message to its last one; 0: no limit. */
  readonly messageTimeout: number
  readonly budget: MessageBudget | undefined
  /** Called with each message. If it returns a promise, nothing is read until that resolves. */
  take(json: unknown): Promise<unknown> | undefined
  /** Called when the messages cannot be read any further. */
  fail(error: OvsdbError): void
}

export class MessageReader {
  readonly remoteAddress: string | undefined
  readonly #context: Context
  readonly #framer: Framer
  /** The end of this turn's slice; 0: it has not begun. */
  #until = 0
  /** Ends the connection if the message that has begun does not end in time. */
  #late: NodeJS.Timeout | undefined
  #isBusy = false
  #isEnded = false

  constructor(context: Context) {
    this.#context = context
    this.remoteAddress = context.socket.remoteAddress
    this.#framer = new Framer(context.maxMessage)
  }

  /** Whether nothing is read from the socket at present. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  get maxMessage(): number {
    return this.#framer.maxMessage
  }

  set maxMessage(octets: number) {
    this.#framer.maxMessage = octets
  }

  /** Takes a chunk of the socket. */
  push(chunk: Buffer): void {
    void this.#read(chunk)
  }

  fail(error: OvsdbError): void {
    this.#context.fail(error)
  }

  /** Called when the connection has ended. */
  end(): void {
    this.#isEnded = true
    clearTimeout(this.#late)
    this.#context.budget?.set(this, 0)
  }

  /** Runs at once up to its first long message, or to the end of this turn's slice. */
  async #read(chunk: Buffer): Promise<void> {
    try {
      for (const octets of this.#framer.split(chunk)) {
        this.#stopClock()
        const isShort = octets.length <= MAX_OCTETS_AT_ONCE
        const json = isShort ? parse(octets) : await this.#parse(octets)
        if (this.#isEnded) return
        const taking = this.#context.take(json)
        if (taking) {
          this.#pause()
          await taking
        }
        if (this.#isSliceOver()) await this.#rest()
        if (this.#isEnded) return
      }
      this.#hold(this.#framer.held)
      if (this.#framer.held > 0) this.#startClock()
      if (this.#isSliceOver()) await this.#rest()
      this.#resume()
    } catch (cause) {
      this.fail(cause instanceof OvsdbError ? cause : new OvsdbError('listener-failed', String(cause), { cause }))
    }
  }

  #parse(octets: Buffer): Promise<unknown> {
    this.#pause()
    this.#hold(octets.length)
    return inSlices(parseInSteps(octets), () => !this.#isEnded)
  }

  #isSliceOver(): boolean {
    if (this.#until === 0) {
      this.#until = performance.now() + READ_SLICE_MS
      setImmediate(() => {
        this.#until = 0
      })
    }
    return performance.now() > this.#until
  }

  async #rest(): Promise<void> {
    this.#pause()
    await turn()
  }

  #pause(): void {
    this.#isBusy = true
    this.#context.socket.pause()
  }

  #resume(): void {
    if (!this.#isBusy || this.#isEnded) return
    this.#isBusy = false
    this.#context.socket.resume()
  }

  #hold(octets: number): void {
    if (!this.#isEnded) this.#context.budget?.set(this, octets)
  }

  #startClock(): void {
    const { messageTimeout } = this.#context
    if (messageTimeout === 0 || this.#isEnded) return
    const words = `a message that has not ended after ${messageTimeout} ms`
    this.#late ??= setTimeout(() => this.fail(new OvsdbError('message-too-slow', words)), messageTimeout)
  }

  #stopClock(): void {
    clearTimeout(this.#late)
    this.#late = undefined
  }
}
