/**
 * A switch for tests of scale, and of faults that Open vSwitch does not produce on demand. It stores rules by table, priority
 * and match, and answers like OVS 3.1. It can refuse rules, or stop answering for a while.
 */
import {
  ALL_TABLES,
  type Decoded,
  type Flow,
  type FlowMod,
  type FlowStats,
  type Message,
  type MessageOf,
  type Meter,
  type MeterMod,
  printFlow,
  ruleKey,
} from '../../src/openflow/index.ts'
import { Peer } from '../openflow/support/peer.ts'

/** The error for a rule that is refused when it is added to a bundle: BAD_ACTION/BAD_OUT_PORT. */
const REFUSAL = { errorType: 2, code: 4 }
const METER_MOD_FAILED = 12
export const METER_FEATURES = {
  maxMeter: 1_000,
  bandTypes: 2,
  capabilities: 13,
  maxBands: 1,
  maxColor: 0,
  features: undefined,
}
const [METER_EXISTS, UNKNOWN_METER, OUT_OF_METERS] = [1, 3, 10]

export interface Options {
  readonly datapathId: bigint
  /** The address that it connects from. */
  readonly from?: string
  /** Does the switch refuse this rule? */
  readonly refuses?: (flow: FlowMod) => boolean
}

export class FakeSwitch {
  readonly flows = new Map<string, Flow>()
  /** What the switch has counted of a rule, by the key of the rule. */
  readonly stats = new Map<string, FlowStats>()
  /** The tables of which the controller has read the rules. */
  readonly dumps: number[] = []
  readonly meters = new Map<number, Meter>()
  /** Messages that changed meters, or could have. */
  readonly meterMods: MeterMod[] = []
  knowsMeters = true
  refusesMeter: (mod: MeterMod) => boolean = () => false
  /** Messages that changed rules, or could have. */
  readonly flowMods: FlowMod[] = []
  /** Packets that the controller has sent through the switch, with the changes of rules that the switch had confirmed by then. */
  readonly packetOuts: Array<MessageOf<'packet_out'> & { readonly flows: number }> = []
  refuses: (flow: FlowMod) => boolean
  /** Called for each rule that is added or deleted. */
  applied: (mod: FlowMod) => void = () => {}
  /** The numbers of bundles that were committed, and that were discarded. */
  closed = 0
  discarded = 0
  readonly #peer: Peer
  readonly #bundles = new Map<number, FlowMod[]>()
  #held: Message[] | null = null

  private constructor(peer: Peer, { refuses = () => false }: Options) {
    this.#peer = peer
    this.refuses = refuses
  }

  static async connect(port: number, options: Options): Promise<FakeSwitch> {
    return FakeSwitch.on(await Peer.connect(port, options.from), options)
  }

  /** A switch on a connection that is made already. */
  static async on(peer: Peer, options: Options): Promise<FakeSwitch> {
    await peer.greet(options.datapathId)
    const fake = new FakeSwitch(peer, options)
    void fake.#serve()
    return fake
  }

  /** Answers nothing until `resume`. */
  pause(): void {
    this.#held = []
  }

  resume(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const message of held) this.#peer.send(message)
  }

  /** The answers that are held back. */
  get holding(): number {
    return this.#held?.length ?? 0
  }

  /** Simulates a packet that matches a rule which sends it to the controller. */
  ask(cookie: bigint, inPort: number, data: Uint8Array, table = 20): void {
    const match = [{ field: 'in_port', value: inPort }] as const
    const about = { bufferId: 0xffffffff, totalLength: data.length, reason: 'apply_action', table, cookie } as const
    this.#peer.send({ type: 'packet_in', ...about, match, data })
  }

  disconnect(): void {
    this.#peer.socket.destroy()
  }

  lines(): string[] {
    return [...this.flows.values()].map(printFlow).sort()
  }

  async #serve(): Promise<void> {
    for (let message = await this.#peer.next(); message; message = await this.#peer.next()) {
      for (const answer of this.#answers(message)) {
        if (this.#held) this.#held.push(answer)
        else this.#peer.send(answer)
      }
    }
  }

  #answers(message: Decoded): Message[] {
    const { xid } = message
    switch (message.type) {
      case 'echo_request':
        return [{ ...message, type: 'echo_reply' }]
      case 'barrier_request':
        return [{ type: 'barrier_reply', xid }]
      case 'multipart_request':
        if (message.multipart === 'flow') return this.#dump(xid, message.table ?? ALL_TABLES)
        if (message.multipart === 'aggregate') return this.#sum(xid, message.table ?? ALL_TABLES)
        if (message.multipart.startsWith('meter_') && !this.knowsMeters)
          return [{ type: 'error', xid, errorType: 1, code: 2, data: new Uint8Array() }]
        if (message.multipart === 'meter_features')
          return [{ type: 'multipart_reply', multipart: 'meter_features', xid, features: METER_FEATURES }]
        if (message.multipart === 'meter_config')
          return [{ type: 'multipart_reply', multipart: 'meter_config', xid, meters: [...this.meters.values()] }]
        return [{ type: 'multipart_reply', multipart: 'flow_monitor', xid, updates: [] }]
      case 'meter_mod':
        return this.#meter(message)
      case 'bundle_add':
        if (message.message.type !== 'flow_mod') return []
        if (this.refuses(message.message)) return [{ type: 'error', xid, ...REFUSAL, data: new Uint8Array() }]
        this.#bundles.get(message.bundle)?.push(message.message)
        return []
      case 'bundle_control':
        if (message.step === 'close_request') this.closed += 1
        if (message.step === 'discard_request') this.discarded += 1
        if (message.step === 'open_request') this.#bundles.set(message.bundle, [])
        if (message.step === 'commit_request')
          for (const flow of this.#bundles.get(message.bundle) ?? []) this.#apply(flow)
        if (message.step === 'commit_request' || message.step === 'discard_request')
          this.#bundles.delete(message.bundle)
        return [{ ...message, step: message.step.replace('request', 'reply') as typeof message.step }]
      case 'packet_out':
        this.packetOuts.push({ ...message, flows: this.flows.size })
        return []
      default:
        return []
    }
  }

  /** @param table a number, or ALL_TABLES */
  #rulesIn(table: number): Array<Flow & { readonly stats: FlowStats }> {
    return [...this.flows.entries()]
      .filter(([, flow]) => table === ALL_TABLES || flow.table === table)
      .map(([key, flow]) => ({ ...flow, stats: this.stats.get(key) ?? {} }))
  }

  #sum(xid: number, table: number): Message[] {
    const rules = this.#rulesIn(table)
    const packets = rules.reduce((sum, { stats }) => sum + (stats.packets ?? 0n), 0n)
    return [
      { type: 'multipart_reply', multipart: 'aggregate', xid, stats: { flows: rules.length, packets, bytes: 0n } },
    ]
  }

  /** The rules of a table, a hundred in each message. */
  #dump(xid: number, table: number): Message[] {
    this.dumps.push(table)
    const flows = this.#rulesIn(table)
    const parts = Array.from({ length: Math.ceil(flows.length / 100) || 1 }, (_, n) =>
      flows.slice(n * 100, n * 100 + 100),
    )
    return parts.map((part, n) => ({
      type: 'multipart_reply',
      multipart: 'flow',
      xid,
      flows: part,
      ...(n < parts.length - 1 ? { more: true } : {}),
    }))
  }

  #meter(mod: Extract<Decoded, { type: 'meter_mod' }>): Message[] {
    this.meterMods.push(mod)
    const error = (code: number): Message[] => [
      { type: 'error', xid: mod.xid, errorType: METER_MOD_FAILED, code, data: new Uint8Array() },
    ]
    const { meter, flags, bands, command } = mod
    if (command === 'delete') this.meters.delete(meter)
    else if (this.refusesMeter(mod)) return error(OUT_OF_METERS)
    else if (command === 'add' && this.meters.has(meter)) return error(METER_EXISTS)
    else if (command === 'modify' && !this.meters.has(meter)) return error(UNKNOWN_METER)
    else this.meters.set(meter, { meter, flags, bands })
    return []
  }

  #apply(mod: FlowMod): void {
    this.flowMods.push(mod)
    this.applied(mod)
    const { table = 0, priority, match, cookie = 0n, instructions = [] } = mod
    const flow: Flow = { table, priority, match, cookie, instructions }
    if (mod.command === 'delete_strict') this.flows.delete(ruleKey(flow))
    else this.flows.set(ruleKey(flow), flow)
  }
}
