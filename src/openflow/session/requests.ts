/** Which answer belongs to which request, by xid; what is no answer is an event. */
import { encode } from '../codec.ts'
import { BAD_TYPE, errorName, OpenFlowError } from '../errors.ts'
import type { Decoded, Message, MessageOf } from '../messages.ts'
import { gathered } from '../multipart.ts'
import { Queue } from './queue.ts'
import type { Wire } from './wire.ts'

/** Request -> its answer. */
interface Replies {
  readonly echo_request: 'echo_reply'
  readonly features_request: 'features_reply'
  readonly get_config_request: 'get_config_reply'
  readonly multipart_request: 'multipart_reply'
  readonly barrier_request: 'barrier_reply'
  readonly role_request: 'role_reply'
  readonly bundle_control: 'bundle_control'
}

const REPLIES: Replies = {
  echo_request: 'echo_reply',
  features_request: 'features_reply',
  get_config_request: 'get_config_reply',
  multipart_request: 'multipart_reply',
  barrier_request: 'barrier_reply',
  role_request: 'role_reply',
  bundle_control: 'bundle_control',
}

/** A message that is answered. */
export type Request = MessageOf<keyof Replies>

/** What answers a request. */
export type ReplyTo<R> = R extends { readonly type: 'multipart_request'; readonly multipart: infer Kind }
  ? Extract<MessageOf<'multipart_reply'>, { readonly multipart: Kind }>
  : R extends { readonly type: infer Type extends keyof Replies }
    ? MessageOf<Replies[Type]>
    : never

/** What is waited for under one xid. */
interface Expected {
  /** @returns whether that was all */
  take(message: Decoded): boolean
  fail(error: OpenFlowError): void
}

/** Takes errors under many xids. @returns whether it was one of its own */
export type ErrorTaker = (xid: number, error: OpenFlowError) => boolean

/** The last type of message that OpenFlow 1.5 has. */
const LAST_TYPE = 35
/** Events that may wait to be taken. */
const MOST_EVENTS = 10_000

export class Requests {
  readonly wire: Wire
  /** The first message that comes. */
  readonly first: Promise<Decoded>
  readonly events = new Queue<Decoded>(MOST_EVENTS)
  readonly errorTakers = new Set<ErrorTaker>()
  readonly #expected = new Map<number, Expected>()
  #lastXid = 0

  constructor(wire: Wire) {
    this.wire = wire
    this.first = new Promise((resolve, reject) => {
      wire.receive = (message) => {
        wire.receive = (later) => this.#receive(later)
        resolve(message)
      }
      void wire.closed.then(({ reason }) => reject(closedBecause(reason)))
    })
    // Whoever waits for it is told; a handshake that has failed already waits no more.
    this.first.catch(() => {})
    wire.unreadable = (xid, error) => this.#fail(xid, error)
    void wire.closed.then(({ reason }) => this.#closed(reason))
  }

  /** Send a message. @returns its xid */
  send(message: Message): number {
    const xid = message.xid ?? this.#nextXid()
    this.wire.send(message, xid)
    return xid
  }

  /** Send a message and wait for its answer; the parts of a multipart answer come as one. */
  request<R extends Request>(message: R): Promise<ReplyTo<R>> {
    const parts: Array<MessageOf<'multipart_reply'>> = []
    return new Promise((resolve, reject) => {
      this.#expect(message, {
        take(reply) {
          if (reply.type !== 'multipart_reply') {
            resolve(reply as ReplyTo<R>)
            return true
          }
          parts.push(reply)
          if (reply.more) return false
          const { version, xid } = reply
          resolve({ version, xid, type: 'multipart_reply', ...gathered(parts) } as ReplyTo<R>)
          return true
        },
        fail: reject,
      })
    })
  }

  /** Send a multipart request and take the parts of the answer as they come. */
  parts<R extends MessageOf<'multipart_request'>>(message: R): Queue<ReplyTo<R>> {
    const queue = new Queue<ReplyTo<R>>()
    this.#expect(message, {
      take(reply) {
        queue.push(reply as ReplyTo<R>)
        if (reply.type === 'multipart_reply' && reply.more) return false
        queue.close()
        return true
      },
      fail: (error) => queue.fail(error),
    })
    return queue
  }

  #expect(message: Request, expected: Expected): void {
    const type = REPLIES[message.type]
    try {
      const xid = this.send(message)
      this.#expected.set(xid, {
        take: (reply) => {
          if (reply.type === type && isOfKind(message, reply)) return expected.take(reply)
          expected.fail(new OpenFlowError('malformed', `${message.type} was answered with ${reply.type}`))
          return true
        },
        fail: (error) => expected.fail(error),
      })
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error
      expected.fail(error)
    }
  }

  #receive(message: Decoded): void {
    if (message.type === 'error') {
      const error = new OpenFlowError('refused', `the switch refused: ${errorName(message)}`, { error: message })
      if (!this.#fail(message.xid, error)) this.events.push(message)
      return
    }
    const expected = this.#expected.get(message.xid)
    if (expected) {
      if (expected.take(message)) this.#expected.delete(message.xid)
    } else if (message.type === 'echo_reply' || message.type === 'hello') {
      return
    } else if (message.type in REPLIES || (message.type === 'unknown' && message.code > LAST_TYPE)) {
      this.wire.refuse(BAD_TYPE, encode(message), message.xid)
    } else this.events.push(message)
  }

  #fail(xid: number, error: OpenFlowError): boolean {
    const expected = this.#expected.get(xid)
    if (expected) {
      this.#expected.delete(xid)
      expected.fail(error)
      return true
    }
    for (const take of this.errorTakers) if (take(xid, error)) return true
    return false
  }

  #closed(reason: string): void {
    const error = closedBecause(reason)
    for (const expected of this.#expected.values()) expected.fail(error)
    this.#expected.clear()
    this.events.close()
  }

  #nextXid(): number {
    do this.#lastXid = this.#lastXid === 0xffffffff ? 1 : this.#lastXid + 1
    while (this.#expected.has(this.#lastXid))
    return this.#lastXid
  }
}

const closedBecause = (reason: string): OpenFlowError =>
  new OpenFlowError('closed', `the connection is closed: ${reason}`)

/** A multipart answer is of the kind that was asked for. */
function isOfKind(request: Request, reply: Decoded): boolean {
  if (request.type !== 'multipart_request' || reply.type !== 'multipart_reply') return true
  if (request.multipart !== 'unknown' || reply.multipart !== 'unknown') return request.multipart === reply.multipart
  return request.code === reply.code
}
