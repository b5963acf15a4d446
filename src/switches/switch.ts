/**
 * One switch, as long as its OpenFlow connection lives. First it is compared as a whole with the desired rules, and gets the
 * difference in one atomic ordered bundle. From then on it gets what the stale objects want differently, a bundle at a time. It
 * is compared again when somebody else has changed its rules, and from time to time.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { ConnectedSwitch } from '../core/connected-switches.ts'
import { sliced } from '../core/slices.ts'
import { Timers } from '../core/timers.ts'
import type { Flow, Meter, PacketIn, Session } from '../openflow/index.ts'
import { BundleSender } from './bundle-sender.ts'
import { DesiredRules } from './desired-rules.ts'
import { readMeters } from './meter-mods.ts'
import { Refusals } from './refusals.ts'
import { StagedBundle } from './staged-bundle.ts'
import { StaleObjects } from './stale-objects.ts'
import { listen } from './switch-messages.ts'

/** A switch is compared as a whole this often, even if no foreign change was noticed. */
const AUDIT_INTERVAL_MS = 60_000
/** A foreign change is followed by a comparison after this time, since such changes seldom come alone. */
const AUDIT_DELAY_MS = 200

export interface SwitchEvents {
  /** All changes up to this generation are in the switch, or set aside. */
  confirmed(generation: number): void
  /** The whole switch was compared: it has no rules of ours but those that were wanted as of this generation. */
  synced(generation: number): void
  /** What is refused of these objects has changed. */
  refused(objects: ReadonlySet<Key>): void
  /** The switch has sent a packet to the controller. */
  packetIn(packet: PacketIn): void
}

interface Context {
  readonly hypervisor: HypervisorId
  readonly session: Session
  readonly graph: GraphReader
  readonly engines: Engines
  readonly log: Logger
  readonly events: SwitchEvents
}

export class Switch implements ConnectedSwitch {
  readonly session: Session
  readonly version: number
  readonly refused: ReadonlyMap<Key, string>
  readonly stale = new StaleObjects(() => this.#wake())
  ready = false
  /** Rules that were added or deleted since it connected. */
  sent = 0
  readonly #events: SwitchEvents
  readonly #log: Logger
  readonly #desired: DesiredRules
  readonly #refusals: Refusals
  readonly #sender: BundleSender
  readonly #timers = new Timers()
  #staged: StagedBundle | undefined
  #isAuditDue = true
  #isAuditSoon = false
  #isIdle = false
  #isClosed = false
  #wake: () => void = () => {}

  constructor({ session, log, hypervisor, graph, engines, events }: Context) {
    this.session = session
    this.version = session.version
    this.#events = events
    this.#log = log.child({ hypervisor })
    this.#desired = new DesiredRules({ hypervisor, graph, engines })
    this.#refusals = new Refusals({
      graph,
      log: this.#log,
      changed: (objects) => events.refused(objects),
      retry: (objects) => void this.stale.mark(objects),
    })
    this.refused = this.#refusals.refused
    this.#sender = new BundleSender({ session, desired: this.#desired, refusals: this.#refusals, log: this.#log })
  }

  get rules(): number {
    return this.#desired.ledger.size
  }

  get backlog(): number {
    return this.stale.size
  }

  dumpFlows(): AsyncIterable<readonly Flow[]> {
    return this.session.dumpFlows()
  }

  dumpMeters(): Promise<readonly Meter[]> {
    return readMeters(this.session)
  }

  /** Serve the switch until its connection ends. */
  async run(): Promise<void> {
    const audits = setInterval(() => this.#requestAudit(), AUDIT_INTERVAL_MS)
    try {
      void this.session.closed.then(() => this.#stop())
      void this.#listen()
      while (!this.#isClosed) {
        if (this.#isAuditDue) await this.#audit()
        else if (this.stale.isDue) await this.#sendStale()
        else await this.#rest()
      }
    } catch (error) {
      if (!this.#isClosed) {
        this.#log.error({ err: error }, 'cannot serve the switch, closing its connection so that it starts anew')
        this.session.close(`cannot be served: ${error instanceof Error ? error.message : String(error)}`)
      }
    } finally {
      clearInterval(audits)
      this.#refusals.end()
      this.#timers.clear()
    }
  }

  /**
   * Send the rules of objects that a commit under way makes stale, if the switch has nothing else to do. They take effect once
   * the objects are marked as stale.
   * @param graph as it will be after the commit
   */
  prepare(objects: ReadonlySet<Key>, graph: GraphReader): void {
    if (!this.#isIdle || !this.ready || this.#isAuditDue || this.backlog > 0 || this.#staged) return
    if (this.refused.size > 0) return
    try {
      this.#staged = StagedBundle.begin(this.session, this.#desired.ledger, objects, (object) =>
        this.#desired.rulesOf(object, graph),
      )
    } catch (error) {
      // The objects are compiled again after the commit, and the mistake is handled then.
      if (!(error instanceof EngineMistake)) throw error
    }
  }

  /** Discard what was sent ahead: the commit failed, or something else came first. */
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

  /** Further changes within the delay share the comparison. */
  #requestAuditSoon(): void {
    if (this.#isAuditSoon) return
    this.#isAuditSoon = true
    this.#timers.later(() => {
      this.#isAuditSoon = false
      this.#requestAudit()
    }, AUDIT_DELAY_MS)
  }

  /** Compare the whole switch with the desired rules, and send the difference. */
  async #audit(): Promise<void> {
    this.withdraw()
    this.#isAuditDue = false
    const generation = this.stale.takeAll()
    await sliced(this.#desired.compileAll())
    await this.#desired.observe(this.session)
    const sent = await this.#send(this.#desired.ledger.authors())
    if (!this.ready) this.#log.info({ rules: this.rules, ...sent }, 'switch compared with the desired rules')
    else if (sent.put + sent.drop + sent.meters > 0)
      this.#log.warn(sent, 'restored rules or meters that somebody else has changed')
    this.ready = true
    this.#events.confirmed(generation)
    this.#events.synced(generation)
  }

  /** Send what the stale objects want differently. */
  async #sendStale(): Promise<void> {
    const { objects, generation } = this.stale.take()
    const staged = this.#staged?.covers(objects) ? this.#staged : undefined
    if (!staged) this.withdraw()
    this.#staged = undefined
    const commit = staged?.commit(this.#desired.ledger)
    if (!commit) await sliced(this.#desired.compile(objects))
    await this.#send(objects, commit)
    this.#events.confirmed(generation)
  }

  async #send(compiled: Iterable<Key>, commit?: () => Promise<void>) {
    const sent = await this.#sender.send(compiled, commit)
    this.sent += sent.put + sent.drop
    return sent
  }
}
