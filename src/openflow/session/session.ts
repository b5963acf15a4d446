/** A session with one switch, from FEATURES_REPLY to the end of the connection. */
import type { X509Certificate } from 'node:crypto'
import type { FlowEntry } from '../messages/flow-messages.ts'
import { checkMonitorFlags, MONITOR_FLAGS, type MonitorRequest } from '../messages/flow-monitor.ts'
import type { FlowRequest } from '../messages/flow-requests.ts'
import type { Decoded, FlowMod, Message, MessageOf } from '../messages/message.ts'
import { type BundleOptions, sendBundle } from './bundle.ts'
import type { Refused } from './bundle-error.ts'
import type { Closed } from './channel.ts'
import type { ReplyTo, Request, Requests } from './requests.ts'
import { sendSeries } from './series.ts'

/**
 * What the switch reported about itself at first (OpenFlow 1.5.1, 7.3.1): the number of tables, and its capabilities as
 * bits.
 */
export type Features = MessageOf<'features_reply'>

const CHANGES = MONITOR_FLAGS.add | MONITOR_FLAGS.removed | MONITOR_FLAGS.modify | MONITOR_FLAGS.instructions

/** A session with one switch, from its FEATURES_REPLY to the end of the connection. Made by `listen` and `connect`. */
export class Session {
  /** Wire version: 4 is OpenFlow 1.3, 5 is 1.4, 6 is 1.5. */
  readonly version: number
  /** 64 bits. For a bridge of Open vSwitch, `ovs-vsctl get bridge br0 datapath_id` in hexadecimal. */
  readonly datapathId: bigint
  /** What the switch reported about itself at first. */
  readonly features: Features
  /** `10.0.0.1:39042`, or `local` for a unix socket. */
  readonly remoteAddress: string
  /** The same for this side. */
  readonly localAddress: string
  /** The certificate of the switch. Undefined without TLS. */
  readonly certificate: X509Certificate | undefined
  /** Resolves when the connection has ended. */
  readonly closed: Promise<Closed>
  /**
   * Messages that the switch sends by itself: `packet_in`, `port_status`, `flow_removed`, `role_status`, flow monitor
   * updates (as `multipart_reply`), and errors about messages that `send` sent. For one consumer. At most 10,000 events
   * and 16 MiB wait; then the oldest is dropped.
   */
  readonly events: AsyncIterable<Decoded>
  readonly #requests: Requests
  #bundles = 0
  /** The ids of the flow monitors so far. */
  readonly #monitors = new Set<number>()

  /** @internal */
  constructor(requests: Requests, features: Features) {
    const { channel } = requests
    this.#requests = requests
    this.version = channel.version
    this.datapathId = features.datapathId
    this.features = features
    this.remoteAddress = channel.remoteAddress
    this.localAddress = channel.localAddress
    this.certificate = channel.certificate
    this.closed = channel.closed
    this.events = requests.events
  }

  /**
   * The number of events that were dropped because they were not taken in time. State that depends on them must be read
   * again.
   */
  get dropped(): number {
    return this.#requests.events.dropped
  }

  /** The maximum number of octets that wait for the switch to read them, and of events that wait to be taken. */
  get maxWaiting(): number {
    return this.#requests.maxWaiting
  }

  /** Sets the maximum number. Of events, at most 16 MiB wait. */
  set maxWaiting(octets: number) {
    this.#requests.maxWaiting = octets
  }

  /**
   * Sends a message. All messages of one turn of the event loop leave in one write. A message without an xid gets one.
   * If the switch refuses the message, the error comes as an event.
   * @returns its xid
   * @throws OpenFlowError `out-of-range` if it cannot be encoded, and then nothing of it is sent; `closed`
   */
  send(message: Message): number {
    return this.#requests.send(message)
  }

  /** Resolves when the switch has read enough that more may be sent. */
  drained(): Promise<void> {
    return this.#requests.channel.drained()
  }

  /**
   * Sends a request and waits for its answer. The parts of a multipart answer are joined.
   * @throws OpenFlowError `refused` with the switch's error, `closed`, or `timeout` (the connection is then closed)
   */
  request<R extends Request>(message: R): Promise<ReplyTo<R>> {
    return this.#requests.request(message)
  }

  /**
   * Resolves when the switch has processed everything that was sent before.
   * @throws OpenFlowError `closed` or `timeout`
   */
  async barrier(): Promise<void> {
    await this.request({ type: 'barrier_request' })
  }

  /**
   * Applies all of the messages or none of them. Resolves when a barrier behind them is answered.
   * @param messages usually of type `FlowMod`
   * @throws BundleError with the messages that were refused by the switch or cannot be encoded; OpenFlowError if the
   *   connection ended or the bundle itself was refused
   */
  bundle(messages: Iterable<FlowMod | Message>, options: BundleOptions = {}): Promise<void> {
    this.#bundles += 1
    return sendBundle(this.#requests, this.#bundles, messages, options)
  }

  /**
   * Applies each of the messages by itself. This is for messages that bundles do not support, as meters in Open
   * vSwitch. Resolves when a barrier behind them is answered.
   * @returns the messages that were refused by the switch or cannot be encoded; all others are applied
   * @throws OpenFlowError `closed` or `timeout`
   */
  series(messages: Iterable<Message>): Promise<readonly Refused[]> {
    return sendSeries(this.#requests, messages)
  }

  /**
   * The flows of the switch, in parts as they come. If they are taken more slowly than they come, nothing else is read
   * meanwhile. So waiting for another answer before taking the next part is a deadlock, which ends with `timeout`.
   * @param which the flows to report; by default all
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
   * Reports changes of flows as events: changes by others in full, those of this session as `abbrev`. The monitor ends
   * with the session, or by the message that `MonitorRequest.command` describes.
   * @param options by default all changes of all flows. `flags` must have `add`, `removed` or `modify`: `initial` alone
   *   monitors nothing, so read the flows by `dumpFlows` instead
   * @returns the id of the monitor
   * @throws OpenFlowError `out-of-range` for flags that no switch takes; `refused`, `closed` or `timeout`
   */
  async monitorFlows(options: Partial<MonitorRequest> = {}): Promise<number> {
    const monitor = options.monitor ?? this.#nextMonitor()
    const request = { command: 'add', flags: CHANGES, ...options, monitor } as const
    checkMonitorFlags(request)
    this.#monitors.add(monitor)
    await this.request({ type: 'multipart_request', multipart: 'flow_monitor', monitors: [request] })
    return monitor
  }

  /** An id that no monitor of this session has had. */
  #nextMonitor(): number {
    let id = this.#monitors.size + 1
    while (this.#monitors.has(id)) id += 1
    return id
  }

  /** Ends the connection after everything that was sent has left. */
  close(reason: string): void {
    this.#requests.channel.close(reason)
  }
}
