/** Which answer belongs to which request, by xid; what is no answer is an event. */
import { encode } from '../messages/codec.ts'
import type { Decoded, Message, MessageOf, MessageType } from '../messages/message.ts'
import { gathered, moreFollows } from '../messages/multipart.ts'
import { BAD_TYPE, errorName, standardError } from '../wire/error-values.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import type { Wire } from './channel.ts'
import { Queue } from './queue.ts'
import { Parts } from './reply-parts.ts'

/** Request -> its answer. */
interface Replies {
  readonly echo_request: 'echo_reply'
  readonly features_request: 'features_reply'
  readonly get_config_request: 'get_config_reply'
  readonly multipart_request: 'multipart_reply'
  readonly barrier_request: 'barrier_reply'
  readonly role_request: 'role_reply'
  readonly bundle_control: 'bundle_control'
  readonly queue_get_config_request: 'queue_get_config_reply'
  readonly get_async_request: 'get_async_reply'
  readonly nx_role_request: 'nx_role_reply'
  readonly tlv_table_request: 'tlv_table_reply'
}

const REPLIES: Replies = {
  echo_request: 'echo_reply',
  features_request: 'features_reply',
  get_config_request: 'get_config_reply',
  multipart_request: 'multipart_reply',
  barrier_request: 'barrier_reply',
  role_request: 'role_reply',
  bundle_control: 'bundle_control',
  queue_get_config_request: 'queue_get_config_reply',
  get_async_request: 'get_async_reply',
  nx_role_request: 'nx_role_reply',
  tlv_table_request: 'tlv_table_reply',
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
  readonly type: MessageType
  /** How often the watch has seen it as the oldest since the last that came of its answer. */
  quiet: number
  /** @returns whether that was all */
  take(message: Decoded, octets: number): boolean
  fail(error: OpenFlowError): void
}

/** Takes errors under many xids. @returns whether it was one of its own */
export type ErrorTaker = (xid: number, error: OpenFlowError) => boolean

/** What may be an answer; a switch sends all others on its own, whatever their xid. */
const ANSWERS = new Set<string>(Object.values(REPLIES))
/** The last type of message that OpenFlow 1.5 has. */
const LAST_TYPE = 35
/** Events that may wait to be taken, and their octets. */
const MOST_EVENTS = { items: 10_000, octets: 16 * 1024 * 1024 }
/** Octets that an answer may have if its parts are gathered, and those that each part counts for beside its own. */
const MOST_GATHERED = 32 * 1024 * 1024
const PART = 256
/** The watch looks this often in the time that an answer may take. */
const LOOKS = 4

export class Requests {
  readonly wire: Wire
  /** The first message that comes. */
  readonly first: Promise<Decoded>
  readonly events = new Queue<Decoded>(MOST_EVENTS)
  readonly errorTakers = new Set<ErrorTaker>()
  /** In the order of sending. */
  readonly #expected = new Map<number, Expected>()
  /** Failed already, though more of the answer is to come: nobody's. */
  readonly #left = new Set<number>()
  readonly #watch: NodeJS.Timeout
  #lastXid = 0

  /** @param greeted told of the first message before any other is read */
  constructor(wire: Wire, greeted: (message: Decoded) => void = () => {}) {
    this.wire = wire
    this.first = new Promise((resolve, reject) => {
      wire.receive = (message) => {
        greeted(message)
        wire.receive = (later, octets) => this.#receive(later, octets)
        resolve(message)
      }
      void wire.closed.then(({ reason }) => reject(closedBecause(reason)))
    })
    // Whoever waits for it is told; a handshake that has failed already waits no more.
    this.first.catch(() => {})
    wire.unreadable = (xid, error, frame) => {
      if (this.#fail(xid, error) && moreFollows(frame)) this.#left.add(xid)
    }
    this.#watch = setInterval(() => this.#look(), wire.patience / LOOKS)
    void wire.closed.then(({ reason }) => this.#closed(reason))
  }

  /** Send a message. @returns its xid */
  send(message: Message): number {
    const xid = message.xid ?? this.nextXid()
    this.wire.send(message, xid)
    return xid
  }

  /**
   * Send a message and wait for its answer; the parts of a multipart answer come as one. One that is longer than this
   * side can hold ends the connection.
   */
  request<R extends Request>(message: R): Promise<ReplyTo<R>> {
    const parts: Array<MessageOf<'multipart_reply'>> = []
    let held = 0
    return new Promise((resolve, reject) => {
      if (!Object.hasOwn(REPLIES, message.type)) {
        const words = `${message.type} has no answer to wait for: send it, or put it into a bundle`
        throw new OpenFlowError('out-of-range', words)
      }
      this.#expect(message, {
        take: (reply, octets) => {
          if (reply.type !== 'multipart_reply') {
            resolve(reply as ReplyTo<R>)
            return true
          }
          parts.push(reply)
          held += octets + PART
          if (held > MOST_GATHERED) this.wire.close(`an answer to ${message.type} of more than ${MOST_GATHERED} octets`)
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
  parts<R extends MessageOf<'multipart_request'>>(message: R): Parts<ReplyTo<R>> {
    const parts = new Parts<ReplyTo<R>>(this.wire)
    this.#expect(message, {
      take(reply, octets) {
        parts.push(reply as ReplyTo<R>, octets)
        if (reply.type === 'multipart_reply' && reply.more) return false
        parts.close()
        return true
      },
      fail: (error) => parts.fail(error),
    })
    return parts
  }

  #expect(message: Request, { take, fail }: Pick<Expected, 'take' | 'fail'>): void {
    const type = REPLIES[message.type]
    try {
      const xid = this.send(message)
      this.#left.delete(xid)
      this.#expected.set(xid, {
        type: message.type,
        quiet: 0,
        take: (reply, octets) => {
          if (reply.type === type && isOfKind(message, reply)) return take(reply, octets)
          if (reply.type === 'multipart_reply' && reply.more) this.#left.add(xid)
          fail(new OpenFlowError('malformed', `${message.type} was answered with ${reply.type}`))
          return true
        },
        fail,
      })
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error
      fail(error)
    }
  }

  #receive(received: Decoded, octets: number): void {
    const message = received.type === 'error' ? standardError(received) : asUpdate(received)
    const { type, xid } = message
    if (message.type === 'error') {
      const error = new OpenFlowError('refused', `the switch refused: ${errorName(message)}`, { error: message })
      if (!this.#fail(xid, error)) this.events.push(message, octets)
      return
    }
    const expected = ANSWERS.has(type) ? this.#expected.get(xid) : undefined
    if (expected) {
      expected.quiet = 0
      if (expected.take(message, octets)) this.#expected.delete(xid)
    } else if (type === 'multipart_reply' && this.#left.has(xid)) {
      if (!message.more) this.#left.delete(xid)
    } else if (type === 'echo_reply' || type === 'hello') {
      return
    } else if (type in REPLIES || (type === 'unknown' && message.code > LAST_TYPE)) {
      this.wire.refuse(BAD_TYPE, encode(message), xid)
    } else this.events.push(message, octets)
  }

  /**
   * A switch answers in order, so the oldest request alone is watched: those behind it wait for it. What it sends while
   * nothing is read is not known.
   */
  #look(): void {
    const [oldest] = this.#expected
    if (!oldest || this.wire.isHeld) return
    const [xid, expected] = oldest
    expected.quiet += 1
    if (expected.quiet <= LOOKS) return
    const reason = `no answer to ${expected.type} for ${this.wire.patience} ms`
    this.#expected.delete(xid)
    expected.fail(new OpenFlowError('timeout', reason))
    this.wire.close(reason)
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
    clearInterval(this.#watch)
    this.events.close()
  }

  /** One that no request waits under. */
  nextXid(): number {
    do this.#lastXid = this.#lastXid === 0xffffffff ? 1 : this.#lastXid + 1
    while (this.#expected.has(this.#lastXid))
    return this.#lastXid
  }
}

const closedBecause = (reason: string): OpenFlowError =>
  new OpenFlowError('closed', `the connection is closed: ${reason}`)

/** What 1.3 has messages for, as the updates of a flow monitor that 1.4 and later have. */
function asUpdate(message: Decoded): Decoded {
  if (message.type !== 'flow_monitor_paused' && message.type !== 'flow_monitor_resumed') return message
  const { version, xid, type } = message
  const event = type === 'flow_monitor_paused' ? 'paused' : 'resumed'
  return { version, xid, type: 'multipart_reply', multipart: 'flow_monitor', updates: [{ event }] }
}

/** A multipart answer is of the kind that was asked for. */
function isOfKind(request: Request, reply: Decoded): boolean {
  if (request.type !== 'multipart_request' || reply.type !== 'multipart_reply') return true
  if (request.multipart !== 'unknown' || reply.multipart !== 'unknown') return request.multipart === reply.multipart
  return request.code === reply.code
}
