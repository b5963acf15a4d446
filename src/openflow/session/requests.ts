/** Connects answers to requests by xid. Messages that are not answers become events. */
import { encode } from '../messages/codec.ts'
import type { Decoded, Message, MessageOf, MessageType } from '../messages/message.ts'
import { gathered, moreFollows } from '../messages/multipart.ts'
import { BAD_TYPE, errorName, standardError, standardMonitorError } from '../wire/error-values.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import type { Channel } from './channel.ts'
import { Queue } from './queue.ts'
import { ReplyParts } from './reply-parts.ts'

/** The type of the answer to each type of request. */
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

/** A message that a switch answers. */
export type Request = MessageOf<keyof Replies>

/** The answer to a request. */
export type ReplyTo<R> = R extends { readonly type: 'multipart_request'; readonly multipart: infer Kind }
  ? Extract<MessageOf<'multipart_reply'>, { readonly multipart: Kind }>
  : R extends { readonly type: infer Type extends keyof Replies }
    ? MessageOf<Replies[Type]>
    : never

/** What is expected under an xid. */
interface Expected {
  readonly type: MessageType
  readonly isMonitor: boolean
  /** How often the check has seen it as the oldest since the last part of its answer came. */
  quiet: number
  /** @returns whether the answer is complete */
  take(message: Decoded, octets: number): boolean
  fail(error: OpenFlowError): void
}

/**
 * Takes errors for many xids.
 * @returns whether the error was one of its own
 */
export type ErrorTaker = (xid: number, error: OpenFlowError) => boolean

/** Types of messages that can be an answer. All others are sent by the switch itself, whatever their xid. */
const ANSWERS = new Set<string>(Object.values(REPLIES))
/** The highest type of message in OpenFlow 1.5. */
const LAST_TYPE = 35
/** The maximum number of waiting events, and of their octets. */
const MAX_EVENTS = { items: 10_000, octets: 16 * 1024 * 1024 }
/**
 * The maximum number of octets of an answer whose parts are joined. Open vSwitch has at most 65,280 ports (4.5 MiB) and
 * 262,144 meters (6 MiB of 24 octets). As values they take some ten times as much.
 */
const MAX_GATHERED_OCTETS = 8 * 1024 * 1024
const PART_OVERHEAD_OCTETS = 256
/** The number of checks within the time that an answer may take. */
const CHECKS_PER_TIMEOUT = 4

export class Requests {
  readonly channel: Channel
  /** The first message that the peer sends. */
  readonly first: Promise<Decoded>
  readonly events: Queue<Decoded>
  readonly errorTakers = new Set<ErrorTaker>()
  /** Expected answers, in the order of sending. */
  readonly #expected = new Map<number, Expected>()
  /** Xids of failed requests with parts of an answer still to come. These parts are ignored. */
  readonly #abandoned = new Set<number>()
  readonly #watch: NodeJS.Timeout
  #lastXid = 0

  /** @param greeted called with the first message before any other is decoded */
  constructor(channel: Channel, greeted: (message: Decoded) => void = () => {}) {
    this.channel = channel
    this.events = new Queue<Decoded>({ ...MAX_EVENTS, octets: Math.min(MAX_EVENTS.octets, channel.maxWaiting) })
    this.first = new Promise((resolve, reject) => {
      channel.receive = (message) => {
        greeted(message)
        channel.receive = (later, octets) => this.#receive(later, octets)
        resolve(message)
      }
      void channel.closed.then(({ reason }) => reject(closedBecause(reason)))
    })
    // Avoids an unhandled rejection if the handshake has failed and no longer waits for it.
    this.first.catch(() => {})
    channel.unreadable = (xid, error, frame) => {
      if (this.#fail(xid, error) && moreFollows(frame)) this.#abandoned.add(xid)
    }
    this.#watch = setInterval(() => this.#checkOldest(), channel.timeoutMs / CHECKS_PER_TIMEOUT)
    void channel.closed.then(({ reason }) => this.#closed(reason))
  }

  get maxWaiting(): number {
    return this.channel.maxWaiting
  }

  /** Bounds what waits for the peer, and the events that wait to be taken. */
  set maxWaiting(octets: number) {
    this.channel.maxWaiting = octets
    this.events.maxOctets = Math.min(MAX_EVENTS.octets, octets)
  }

  /**
   * Sends a message.
   * @returns its xid
   */
  send(message: Message): number {
    const xid = message.xid ?? this.nextXid()
    this.channel.send(message, xid)
    return xid
  }

  /**
   * Sends a request and waits for its answer. The parts of a multipart answer are joined. If the answer is longer than
   * MAX_GATHERED_OCTETS, the connection is closed.
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
          held += octets + PART_OVERHEAD_OCTETS
          if (held > MAX_GATHERED_OCTETS)
            this.channel.close(`an answer to ${message.type} of more than ${MAX_GATHERED_OCTETS} octets`)
          if (reply.more) return false
          const { version, xid } = reply
          resolve({ version, xid, type: 'multipart_reply', ...gathered(parts) } as ReplyTo<R>)
          return true
        },
        fail: reject,
      })
    })
  }

  /** Sends a multipart request. The parts of the answer come as they are received. */
  parts<R extends MessageOf<'multipart_request'>>(message: R): ReplyParts<ReplyTo<R>> {
    const parts = new ReplyParts<ReplyTo<R>>(this.channel)
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
      this.#abandoned.delete(xid)
      this.#expected.set(xid, {
        type: message.type,
        isMonitor: message.type === 'multipart_request' && message.multipart === 'flow_monitor',
        quiet: 0,
        take: (reply, octets) => {
          if (reply.type === type && isOfKind(message, reply)) return take(reply, octets)
          if (reply.type === 'multipart_reply' && reply.more) this.#abandoned.add(xid)
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
    const message = received.type === 'error' ? standardError(standardMonitorError(received)) : asUpdate(received)
    const { type, xid } = message
    if (message.type === 'error') {
      const error = new OpenFlowError('refused', `the switch refused: ${errorName(message)}`, { error: message })
      if (!this.#fail(this.#refused(message), error)) this.events.push(message, octets)
      return
    }
    const expected = ANSWERS.has(type) ? this.#expected.get(xid) : undefined
    if (expected) {
      expected.quiet = 0
      if (expected.take(message, octets)) this.#expected.delete(xid)
    } else if (type === 'multipart_reply' && this.#abandoned.has(xid)) {
      if (!message.more) this.#abandoned.delete(xid)
    } else if (type === 'echo_reply' || type === 'hello') {
      return
    } else if (type in REPLIES || (type === 'unknown' && message.code > LAST_TYPE)) {
      this.channel.refuse(BAD_TYPE, encode(message), xid)
    } else this.events.push(message, octets)
  }

  /**
   * The xid of the message that an error is about. Open vSwitch refuses flow monitors with the version and the xid of
   * something else: it has moved past the header when it reads them (handle_flow_monitor_request). So an error of
   * another version, or without an xid, is about the oldest flow monitor that has no answer yet.
   */
  #refused({ version, xid }: Decoded): number {
    if (version === this.channel.version && (xid !== 0 || this.#expected.has(0))) return xid
    for (const [monitor, { isMonitor }] of this.#expected) if (isMonitor) return monitor
    return xid
  }

  /**
   * Checks for a timeout. A switch answers in order, so only the oldest request is checked. While reading is stopped,
   * answers may be waiting unread.
   */
  #checkOldest(): void {
    const [oldest] = this.#expected
    if (!oldest || this.channel.isHeld) return
    const [xid, expected] = oldest
    expected.quiet += 1
    if (expected.quiet <= CHECKS_PER_TIMEOUT) return
    const reason = `no answer to ${expected.type} for ${this.channel.timeoutMs} ms`
    this.#expected.delete(xid)
    expected.fail(new OpenFlowError('timeout', reason))
    this.channel.close(reason)
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

  /** An xid that no request is waiting under. */
  nextXid(): number {
    do this.#lastXid = this.#lastXid === 0xffffffff ? 1 : this.#lastXid + 1
    while (this.#expected.has(this.#lastXid))
    return this.#lastXid
  }
}

const closedBecause = (reason: string): OpenFlowError =>
  new OpenFlowError('closed', `the connection is closed: ${reason}`)

/** Converts messages of 1.3 to the flow monitor updates that 1.4 and later have. */
function asUpdate(message: Decoded): Decoded {
  if (message.type !== 'flow_monitor_paused' && message.type !== 'flow_monitor_resumed') return message
  const { version, xid, type } = message
  const event = type === 'flow_monitor_paused' ? 'paused' : 'resumed'
  return { version, xid, type: 'multipart_reply', multipart: 'flow_monitor', updates: [{ event }] }
}

/** Whether a multipart answer is of the kind of the request. */
function isOfKind(request: Request, reply: Decoded): boolean {
  if (request.type !== 'multipart_request' || reply.type !== 'multipart_reply') return true
  if (request.multipart !== 'unknown' || reply.multipart !== 'unknown') return request.multipart === reply.multipart
  return request.code === reply.code
}
