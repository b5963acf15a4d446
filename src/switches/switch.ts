/**
 * One switch, as long as its OpenFlow connection lives: dumps what it has, compares that with what we want, sends the
 * difference in one atomic ordered bundle, closes with a barrier; from then on sends what changes make stale. Changes that
 * come while a bundle is under way wait and share the next one. Whatever somebody else does to our rules is put right.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import { PIPELINE } from '../../flows/stages/assembled.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { ConnectedSwitch } from '../core/connected-switches.ts'
import { sliced } from '../core/slices.ts'
import { Timers } from '../core/timers.ts'
import type { Flow, FlowUpdate, Meter, PacketIn, Session } from '../openflow/index.ts'
import { BundleSender } from './bundle-sender.ts'
import { DesiredRules } from './desired-rules.ts'
import { readMeters } from './meter-mods.ts'
import { Refusals } from './refusals.ts'
import { StagedBundle } from './staged-bundle.ts'

/** How often a switch is compared with what we want even if nothing was noticed, milliseconds. */
const AUDIT_INTERVAL = 60_000
/** After a change by another hand it is compared once this time has passed, milliseconds: such changes come in numbers. */
const AUDIT_PAUSE = 200
export interface SwitchEvents {
  /** All changes up to this generation are in the switch, or set aside. */
  confirmed(generation: number): void
  /** The whole switch was compared: it holds no rule of ours but those that were wanted as of this generation. */
  synced(generation: number): void
  /** The set of refused objects has changed. */
  refused(objects: ReadonlySet<Key>): void
  /** It has sent a packet to the controller. */
  packetIn(packet: PacketIn): void
}

interface Context {
  readonly hypervisor: HypervisorId
  readonly session: Session
  readonly graph: Graph
  readonly engines: Engines
  readonly log: Logger
  readonly events: SwitchEvents
}

export class Switch implements ConnectedSwitch {
  readonly session: Session
  readonly #context: Context
  readonly #log: Logger
  readonly #wants: DesiredRules
  #dirty = new Set<Key>()
  /** What is not to be sent yet, oldest first. */
  #held: Array<{ readonly objects: Iterable<Key>; readonly generation: number }> = []
  #generation = 0
  /** The generation up to which it may send. */
  #due = 0
  #confirmed = 0
  #ready = false
  #auditDue = true
  #auditSoon = false
  #wake: () => void = () => {}
  #idle = false
  #ahead: StagedBundle | undefined
  #closed = false
  readonly #timers = new Timers()
  readonly #refusals: Refusals
  readonly #delivery: BundleSender

  constructor(context: Context) {
    this.#context = context
    this.session = context.session
    this.#wants = new DesiredRules(context)
    this.#log = context.log.child({ hypervisor: context.hypervisor })
    this.#refusals = new Refusals({
      graph: context.graph,
      log: this.#log,
      changed: (objects) => context.events.refused(objects),
      retry: (objects) => void this.mark(objects),
    })
    this.#delivery = new BundleSender({
      session: context.session,
      wants: this.#wants,
      refusals: this.#refusals,
      log: this.#log,
    })
  }

  /** Has the switch been compared with what we want since it connected? */
  get ready(): boolean {
    return this.#ready
  }

  /** Objects that are without the rules that they want, and what the switch did: `refused a rule: …`. */
  get refused(): ReadonlyMap<Key, string> {
    return this.#refusals.refused
  }

  /** Rules that were added or deleted since it connected. */
  get sent(): number {
    return this.#delivery.sent
  }

  get rules(): number {
    return this.#wants.ledger.size
  }

  get backlog(): number {
    return new Set([...this.#dirty, ...this.#held.flatMap(({ objects }) => [...objects])]).size
  }

  /** Note which objects are stale, and send what they want differently. @returns the generation that will confirm it */
  mark(objects: Iterable<Key>): number {
    const generation = this.hold(objects)
    this.release(generation)
    return generation
  }

  /** The same, but nothing is sent before `release`, unless something else is to be sent. */
  hold(objects: Iterable<Key>): number {
    this.#generation += 1
    this.#held.push({ objects, generation: this.#generation })
    return this.#generation
  }

  /** What was held may be sent, up to a generation; one of an earlier connection may be beyond all of this one's. */
  release(generation: number): void {
    const due = Math.min(generation, this.#generation)
    if (due <= this.#due) return
    while (this.#held[0] && this.#held[0].generation <= due) {
      for (const object of this.#held.shift()?.objects ?? []) this.#dirty.add(object)
    }
    this.#due = due
    this.#wake()
  }

  get version(): number {
    return this.session.version
  }

  dumpFlows(): AsyncIterable<readonly Flow[]> {
    return this.session.dumpFlows()
  }

  dumpMeters(): Promise<readonly Meter[]> {
    return readMeters(this.session)
  }

  /** Serve the switch until its connection ends. */
  async run(): Promise<void> {
    const audit = setInterval(() => this.#requestAudit(), AUDIT_INTERVAL)
    try {
      void this.session.closed.then(() => this.#stop())
      void this.#watch()
      void this.#listen()
      while (!this.#closed) {
        if (this.#auditDue) await this.#audit()
        else if (this.#confirmed < this.#due) await this.#push()
        else await this.#rest()
      }
    } catch (error) {
      if (!this.#closed) {
        this.#log.error({ err: error }, 'the switch cannot be served: its connection is closed, to begin anew')
        this.session.close(`cannot be served: ${error instanceof Error ? error.message : String(error)}`)
      }
    } finally {
      clearInterval(audit)
      this.#refusals.end()
      this.#timers.clear()
    }
  }

  /**
   * A commit is under way that will make these objects stale: a switch that has nothing else to do gets their rules now, to
   * be taken when `mark` says so. The graph is as it will be.
   */
  prepare(objects: ReadonlySet<Key>): void {
    if (!this.#idle || !this.#ready || this.#auditDue || this.backlog > 0 || this.#ahead) return
    if (this.refused.size > 0) return
    try {
      this.#ahead = StagedBundle.begin(this.session, this.#wants.ledger, objects, (object) =>
        this.#wants.rulesOf(object),
      )
    } catch (error) {
      // Who compiles it after the commit meets it again, and says so.
      if (!(error instanceof EngineMistake)) throw error
    }
  }

  /** That commit failed, or something else came between. */
  withdraw(): void {
    this.#ahead?.withdraw()
    this.#ahead = undefined
  }

  async #rest(): Promise<void> {
    this.#idle = true
    await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#idle = false
  }

  #stop(): void {
    this.#closed = true
    this.withdraw()
    this.#wake()
  }

  #requestAudit(): void {
    this.#auditDue = true
    this.#wake()
  }

  /** Compare soon; a hand that never rests does not make us compare without rest. */
  #requestAuditSoon(): void {
    if (this.#auditSoon) return
    this.#auditSoon = true
    this.#timers.later(() => {
      this.#auditSoon = false
      this.#requestAudit()
    }, AUDIT_PAUSE)
  }

  /** What the switch says on its own. */
  async #listen(): Promise<void> {
    try {
      for await (const event of this.session.events) {
        if (event.type === 'packet_in') this.#context.events.packetIn(event)
        else if (event.type === 'multipart_reply' && event.multipart === 'flow_monitor' && event.updates.some(foreign))
          this.#requestAuditSoon()
      }
    } catch (error) {
      if (!this.#closed) this.session.close(`its messages cannot be taken: ${String(error)}`)
    }
  }

  /** Let the switch tell of changes of its rules that were not ours. */
  async #watch(): Promise<void> {
    try {
      await this.session.monitorFlows()
    } catch (error) {
      if (!this.#closed)
        this.#log.warn(
          { err: error },
          'no flow monitor on this switch: changes by others are found by the periodic comparison only',
        )
    }
  }

  /** Compare the whole switch with what we want, and put the difference right. */
  async #audit(): Promise<void> {
    this.withdraw()
    this.#auditDue = false
    this.#held = []
    this.#dirty = new Set()
    this.#due = this.#generation
    const generation = this.#due
    await sliced(this.#wants.compileAll())
    await this.#wants.observe(this.session)
    const sent = await this.#delivery.send(this.#wants.ledger.authors())
    if (!this.#ready) this.#log.info({ rules: this.#wants.ledger.size, ...sent }, 'switch compared with what is wanted')
    else if (sent.put + sent.drop + sent.meters > 0)
      this.#log.warn(sent, 'rules or meters were changed by another hand: put right')
    this.#ready = true
    this.#confirm(generation)
    this.#context.events.synced(generation)
  }

  /** Send what the stale objects want differently. */
  async #push(): Promise<void> {
    const stale = this.#dirty
    this.#dirty = new Set()
    const generation = this.#due
    const ahead = this.#ahead?.covers(stale) ? this.#ahead : undefined
    if (!ahead) this.withdraw()
    this.#ahead = undefined
    const commit = ahead?.commit(this.#wants.ledger)
    if (!commit) await sliced(this.#wants.compile(stale))
    await this.#delivery.send(stale, commit)
    this.#confirm(generation)
  }

  #confirm(generation: number): void {
    this.#confirmed = generation
    this.#context.events.confirmed(generation)
  }
}

/**
 * Our own changes come as `abbrev`; `resumed` follows changes that nobody was told of. What the switch learns by itself is no
 * hand's.
 */
const foreign = (update: FlowUpdate): boolean =>
  update.event !== 'abbrev' && update.event !== 'paused' && !('table' in update && PIPELINE.isLearned(update.table))
