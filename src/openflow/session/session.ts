/** A session with one switch, from FEATURES_REPLY to the end of the connection. */
import type { FlowEntry } from '../messages/flow-messages.ts'
import { MONITOR_FLAGS, type MonitorRequest } from '../messages/flow-monitor.ts'
import type { FlowRequest } from '../messages/flow-requests.ts'
import type { Decoded, FlowMod, Message, MessageOf } from '../messages/message.ts'
import { type BundleOptions, sendBundle } from './bundle.ts'
import type { Refused } from './bundle-error.ts'
import type { Closed } from './channel.ts'
import type { ReplyTo, Request, Requests } from './requests.ts'
import { sendSeries } from './series.ts'

/** What the switch said of itself at first (OpenFlow 1.5.1, 7.3.1): how many tables, and bits for what it can do. */
export type Features = MessageOf<'features_reply'>

const CHANGES = MONITOR_FLAGS.add | MONITOR_FLAGS.removed | MONITOR_FLAGS.modify | MONITOR_FLAGS.instructions

/** A connection with one switch, from its FEATURES_REPLY to its end. Made by `listen` and `connect`. */
export class Session {
  /** Wire version: 4 is OpenFlow 1.3, 5 is 1.4, 6 is 1.5. */
  readonly version: number
  /** 64 bits; of an Open vSwitch bridge, `ovs-vsctl get bridge br0 datapath_id` in hexadecimal. */
  readonly datapathId: bigint
  /** What the switch said of itself at first. */
  readonly features: Features
  /** `10.0.0.1:39042`, or `local` on a unix socket. */
  readonly remoteAddress: string
  /** The same of this side. */
  readonly localAddress: string
  /** Resolves once, when the connection has ended. */
  readonly closed: Promise<Closed>
  /**
   * What the switch sends on its own: `packet_in`, `port_status`, `flow_removed`, `role_status`, flow monitor updates (as
   * `multipart_reply`), errors of what `send` sent. For one taker. Up to 10,000 wait, and 16 MiB;
   * then the oldest is dropped.
   */
  readonly events: AsyncIterable<Decoded>
  readonly #requests: Requests
  #bundles = 0
  #monitors = 0

  /** @internal */
  constructor(requests: Requests, features: Features) {
    const { wire } = requests
    this.#requests = requests
    this.version = wire.version
    this.datapathId = features.datapathId
    this.features = features
    this.remoteAddress = wire.remoteAddress
    this.localAddress = wire.localAddress
    this.closed = wire.closed
    this.events = requests.events
  }

  /** Number of events that were dropped because nobody took them in time: read anew what they told of. */
  get dropped(): number {
    return this.#requests.events.dropped
  }

  /**
   * Send a message, with all others of this turn of the event loop in one write. Without an xid it is given one. What
   * the switch says against it comes as an event.
   * @returns its xid
   * @throws OpenFlowError `out-of-range` if it cannot be encoded: nothing of it is sent; `closed`
   */
  send(message: Message): number {
    return this.#requests.send(message)
  }

  /** Resolves when the switch has read enough that more may be sent. */
  drained(): Promise<void> {
    return this.#requests.wire.drained()
  }

  /**
   * Send a request and wait for its answer; the parts of a multipart answer come as one.
   * @throws OpenFlowError `refused` with the switch's error, `closed`, or `timeout` (the connection is then closed)
   */
  request<R extends Request>(message: R): Promise<ReplyTo<R>> {
    return this.#requests.request(message)
  }

  /**
   * Resolves when the switch has done all that was sent before.
   * @throws OpenFlowError `closed` or `timeout`
   */
  async barrier(): Promise<void> {
    await this.request({ type: 'barrier_request' })
  }

  /**
   * All of the messages or none of them; resolves when a barrier behind them is answered.
   * @param messages a `FlowMod` is the common one
   * @throws BundleError with what was refused (by the switch, or since it cannot be encoded); OpenFlowError if the
   *   connection ended or the bundle itself was refused
   */
  bundle(messages: Iterable<FlowMod | Message>, options: BundleOptions = {}): Promise<void> {
    this.#bundles += 1
    return sendBundle(this.#requests, this.#bundles, messages, options)
  }

  /**
   * Each of the messages by itself, such as bundles do not take: meters, in Open vSwitch. Resolves when a barrier behind them
   * is answered.
   * @returns those that were refused (by the switch, or since they cannot be encoded); the others are done
   * @throws OpenFlowError `closed` or `timeout`
   */
  series(messages: Iterable<Message>): Promise<readonly Refused[]> {
    return sendSeries(this.#requests, messages)
  }

  /**
   * The flows that the switch has, some at a time as they come. If they are taken more slowly than they come, nothing
   * is read meanwhile: to wait for another answer before the next are taken is to wait for oneself.
   * @param which all unless said
   * @throws OpenFlowError `refused`; `closed`; `timeout` if they were not taken for `requestTimeout`
   */
  async *dumpFlows(which: FlowRequest = {}): AsyncGenerator<readonly FlowEntry[], void, void> {
    const parts = this.#requests.parts({ type: 'multipart_request', multipart: 'flow', ...which })
    try {
      for await (const { flows } of parts) yield flows
    } finally {
      parts.abandon()
    }
  }

  /**
   * Be told of changes of flows, as events: those that others make in full, those of this session as `abbrev`. It ends
   * with the session, or by the message that `MonitorRequest.command` tells of.
   * @param options all changes of all flows unless said
   * @returns the number of the monitor
   * @throws OpenFlowError `refused`, `closed` or `timeout`
   */
  async monitorFlows(options: Partial<MonitorRequest> = {}): Promise<number> {
    this.#monitors += 1
    const monitor = options.monitor ?? this.#monitors
    const request = { monitor, command: 'add', flags: CHANGES, ...options } as const
    await this.request({ type: 'multipart_request', multipart: 'flow_monitor', monitors: [request] })
    return monitor
  }

  /** End the connection once what was sent has gone. */
  close(reason: string): void {
    this.#requests.wire.close(reason)
  }
}
