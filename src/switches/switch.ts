/**
 * One switch, for the lifetime of its OpenFlow connection. First all its rules are compared with the desired rules, and it gets the
 * differences in one atomic ordered bundle. From then on it gets the differences of stale objects, one bundle at a time. All its
 * rules are compared again when somebody else has changed some, and at regular intervals.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import type { Ledger } from '../../flows/diff.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { ConnectedSwitch, HeldRule } from '../core/connected-switches.ts'
import type { Stopwatch } from '../core/latencies.ts'
import { sliced } from '../core/slices.ts'
import { Timers } from '../core/timers.ts'
import type { Trouble } from '../core/trouble.ts'
import type { Flow, Meter, PacketIn, Session } from '../openflow/index.ts'
import { dumpOf } from './bounded-dump.ts'
import { BundleSender } from './bundle-sender.ts'
import { DesiredRules } from './desired-rules.ts'
import { readMeters, supportsMeters } from './meter-mods.ts'
import { Refusals } from './refusals.ts'
import { heldRules } from './review.ts'
import { StagedBundle } from './staged-bundle.ts'
import { StaleObjects } from './stale-objects.ts'
import { addressOf } from './switch-identity.ts'
import { listen } from './switch-messages.ts'
import { Unlearner } from './unlearner.ts'

/** The interval at which the whole switch is compared, even if no foreign change was noticed. */
const AUDIT_INTERVAL_MS = 60_000
/** The delay between a foreign change and the comparison, because such changes seldom come alone. */
const AUDIT_DELAY_MS = 200
/** The delay between a change of ours and a look at what foreign rules do to it. */
const JUDGEMENT_DELAY_MS = 250

export interface SwitchEvents {
  /** Called when the switch has all rules up to this generation, except for objects that were set aside. */
  confirmed(generation: number): void
  /** Called when the whole switch was compared: it has no other rules of ours than those desired in this generation. */
  synced(generation: number): void
  /** Called when the switch's refusals of these objects have changed. */
  refused(objects: ReadonlySet<Key>): void
  /** Called with the troubles that rules of other programs make. */
  intruded(troubles: readonly Trouble[]): void
  /** Called when the switch has sent a packet to the controller. */
  packetIn(packet: PacketIn): void
}

interface Context {
  readonly hypervisor: HypervisorId
  readonly session: Session
  readonly graph: GraphReader
  readonly engines: Engines
  readonly log: Logger
  /** Records the time of each bundle. */
  readonly stopwatch: Stopwatch
  readonly events: SwitchEvents
  /** Returns the rules that nobody but an operator may take away. */
  review(ledger: Ledger): Promise<readonly HeldRule[]>
}

export class Switch implements ConnectedSwitch {
  readonly session: Session
  readonly version: number
  readonly refused: ReadonlyMap<Key, string>
  readonly stale = new StaleObjects(() => this.#wake())
  ready = false
  held: readonly HeldRule[] = []
  hasMeters = true
  /** The number of rules that were added or deleted since the switch connected. */
  sent = 0
  readonly #hypervisor: HypervisorId
  readonly #events: SwitchEvents
  readonly #review: Context['review']
  readonly #log: Logger
  readonly #desired: DesiredRules
  readonly #refusals: Refusals
  readonly #sender: BundleSender
  readonly #timers = new Timers()
  readonly #requestAuditSoon = this.#timers.shared(() => this.#requestAudit(), AUDIT_DELAY_MS)
  readonly #judgeForeignSoon = this.#timers.shared(() => void this.#judgeForeign(), JUDGEMENT_DELAY_MS)
  #staged: StagedBundle | undefined
  #isAuditDue = true
  #isIdle = false
  #isClosed = false
  readonly #compared = Promise.withResolvers<void>()
  #wake: () => void = () => {}

  constructor({ session, log, hypervisor, graph, engines, events, stopwatch, review }: Context) {
    this.session = session
    this.#hypervisor = hypervisor
    this.#review = review
    this.version = session.version
    this.#events = events
    this.#log = log.child({ hypervisor })
    this.#desired = new DesiredRules({ hypervisor, graph, engines, hasMeters: () => this.hasMeters })
    this.#refusals = new Refusals({
      graph,
      log: this.#log,
      changed: (objects) => events.refused(objects),
      retry: (objects) => void this.stale.mark(objects),
    })
    this.refused = this.#refusals.refused
    const [desired, refusals] = [this.#desired, this.#refusals]
    const unlearner = new Unlearner({ session, ledger: desired.ledger, timers: this.#timers })
    this.#sender = new BundleSender({ session, desired, refusals, log: this.#log, stopwatch, unlearner })
  }

  get address(): string {
    return addressOf(this.session)
  }

  get rules(): number {
    return this.#desired.ledger.size
  }

  /** The number of rules of ours that the switch has. */
  get present(): number {
    return this.#desired.ledger.present
  }

  get backlog(): number {
    return this.stale.size
  }

  dumpFlows(): AsyncIterable<readonly Flow[]> {
    return dumpOf(this.session, this.rules)
  }

  dumpMeters(): Promise<readonly Meter[]> {
    return readMeters(this.session)
  }

  /** Serves the switch until its connection ends. */
  async run(): Promise<void> {
    const audits = setInterval(() => this.#requestAudit(), AUDIT_INTERVAL_MS)
    try {
      void this.session.closed.then(() => this.#stop())
      void this.#listen()
      while (!this.#isClosed) {
        if (this.#isAuditDue) await this.#audit()
        else if (!this.stale.isDue) await this.#rest()
        else if (this.ready) await this.#sendStale()
        else {
          // What is held may be another set of rules now.
          this.#requestAuditSoon()
          await this.#rest()
        }
      }
    } catch (error) {
      if (!this.#isClosed) {
        this.#log.error({ err: error }, 'cannot serve the switch, closing its connection so that it connects again')
        this.session.close(`cannot be served: ${error instanceof Error ? error.message : String(error)}`)
      }
    } finally {
      clearInterval(audits)
      this.#refusals.end()
      this.#timers.clear()
      this.#compared.resolve()
    }
  }

  /**
   * Sends rules ahead of a commit that makes these objects stale, if the switch has nothing else to do. The rules take effect when
   * the objects are marked as stale.
   * @param graph the graph after the commit
   */
  prepare(objects: ReadonlySet<Key>, graph: GraphReader): void {
    if (!this.#isIdle || !this.ready || this.#isAuditDue || this.backlog > 0 || this.#staged) return
    if (this.refused.size > 0) return
    try {
      this.#staged = StagedBundle.begin(this.session, this.#desired.ledger, objects, (object) =>
        this.#desired.rulesOf(object, graph),
      )
    } catch (error) {
      // The mistake is handled after the commit, when the objects are compiled again.
      if (!(error instanceof EngineMistake)) throw error
    }
  }

  /** Discards the rules that were sent ahead: the commit failed, or something else must be sent first. */
  withdraw(): void {
    this.#staged?.withdraw()
    this.#staged = undefined
  }

  async #rest(): Promise<void> {
    this.#isIdle = true
    await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#isIdle = false
  }

  #stop(): void {
    this.#isClosed = true
    this.withdraw()
    this.#wake()
  }

  async #listen(): Promise<void> {
    try {
      await listen(this.session, {
        log: this.#log,
        packetIn: (packet) => this.#events.packetIn(packet),
        foreignChange: () => this.#requestAuditSoon(),
      })
    } catch (error) {
      if (!this.#isClosed) this.session.close(`its messages cannot be handled: ${String(error)}`)
    }
  }

  #requestAudit(): void {
    this.#isAuditDue = true
    this.#wake()
  }

  comparedAgain(): Promise<void> {
    this.#requestAudit()
    return this.#compared.promise
  }

  /** Looks again whether rules must be held, if some are. */
  reviewAgain(): void {
    if (this.held.length > 0) this.#requestAuditSoon()
  }

  /** May the rules be changed that the switch has had since before it connected? */
  async #mayChange(): Promise<boolean> {
    if (this.ready) return true
    this.held = await this.#review(this.#desired.ledger)
    if (this.held.length === 0) return true
    this.#log.warn({ rules: this.held.length }, 'a restored store does not know rules of the switch, which are held')
    this.#events.intruded([heldRules(this.#hypervisor, this.held)])
    return false
  }

  /** Compares the whole switch with the desired rules, and sends the differences. */
  async #audit(): Promise<void> {
    this.withdraw()
    this.#isAuditDue = false
    if (!this.ready) this.hasMeters = await supportsMeters(this.session)
    const generation = this.stale.takeAll()
    await sliced(this.#desired.compileAll())
    await this.#desired.observe(this.session)
    if (!(await this.#mayChange())) return
    this.held = []
    const sent = await this.#send(this.#desired.ledger.authors())
    await this.#judgeForeign()
    if (!this.ready) this.#log.info({ rules: this.rules, ...sent }, 'switch compared with the desired rules')
    else if (sent.put + sent.drop + sent.meters > 0)
      this.#log.warn(sent, 'restored rules or meters that somebody else has changed')
    this.ready = true
    this.#compared.resolve()
    this.#events.confirmed(generation)
    this.#events.synced(generation)
  }

  /** Sends the differences of the stale objects. */
  async #sendStale(): Promise<void> {
    const { objects, generation } = this.stale.take()
    const staged = this.#staged?.covers(objects) ? this.#staged : undefined
    if (!staged) this.withdraw()
    this.#staged = undefined
    const commit = staged?.commit(this.#desired.ledger)
    if (!commit) await sliced(this.#desired.compile(objects))
    await this.#send(objects, commit)
    this.#events.confirmed(generation)
    if (this.#desired.foreign.any) this.#judgeForeignSoon()
  }

  /** Finds what the foreign rules of the last comparison do to the rules that are wanted now. */
  async #judgeForeign(): Promise<void> {
    const { foreign, ledger } = this.#desired
    const troubles = foreign.any ? await foreign.judge(ledger.rules(), (key) => ledger.wants(key)) : []
    if (!this.#isClosed) this.#events.intruded(troubles)
  }

  async #send(compiled: Iterable<Key>, commit?: () => Promise<void>) {
    const sent = await this.#sender.send(compiled, commit)
    this.sent += sent.put + sent.drop
    return sent
  }
}
