/**
 * The connected switches, by hypervisor. An OpenFlow connection belongs to the hypervisor whose bridge has its datapath id. While
 * no hypervisor has reported that datapath id, the connection waits.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { StalePairs } from '../core/committed.ts'
import type { Switchboard } from '../core/connected-switches.ts'
import type { Effects } from '../core/effects.ts'
import type { Stopwatch } from '../core/latencies.ts'
import type { Generations } from '../core/realisation.ts'
import type { RefusalOf } from '../core/refusal-of.ts'
import { SparingLog } from '../core/sparing-log.ts'
import type { Subscriber } from '../core/subscribers.ts'
import type { Session } from '../openflow/index.ts'
import { answersInTime } from './answers-in-time.ts'
import type { Confirmations } from './confirmations.ts'
import type { Reviewer } from './review.ts'
import { Switch } from './switch.ts'
import { addressOf, datapathIdOf, isServed } from './switch-identity.ts'
import { eventsTo, type SwitchListener } from './switch-listener.ts'
import { WaitingSwitches } from './waiting-switches.ts'

/** The longest time that sending rules ahead of a commit takes in one turn of the event loop. */
const MAX_PREPARE_MS = 2

/** Different lines in a minute about switches that are refused. */
const MAX_LINES = 100

interface Context {
  readonly graph: GraphReader
  readonly engines: Engines
  readonly confirmations: Confirmations
  readonly log: Logger
  /** Records the time of each bundle. */
  readonly stopwatch: Stopwatch
  /** Does this address belong to another host with the system-id of the hypervisor? Its switch may have the same datapath id. */
  isOther(hypervisor: HypervisorId, address: string): boolean
  /** Is this the address from which the OVSDB of the hypervisor is connected? */
  isOwn(hypervisor: HypervisorId, address: string): boolean
  /** Undefined: none is refused. */
  readonly refusalOf: RefusalOf | undefined
  reception(): Reception
  readonly reviewer: Reviewer
}

/** Decides about the hosts of switches. */
interface Reception {
  /** May the switch of the hypervisor be served? Its host may belong to another store. */
  isAdmitted(hypervisor: HypervisorId): boolean
  switchSeen(datapathId: string): void
}

type Pairs = ReadonlyMap<HypervisorId, Iterable<Key>>

export class Fleet implements Switchboard, Subscriber {
  readonly #context: Context
  readonly #switches = new Map<HypervisorId, Switch>()
  readonly #waiting: WaitingSwitches
  readonly #sparing = new SparingLog(MAX_LINES)
  /** For each switch that refuses rules, its reasons by object. */
  readonly refusing = new Map<HypervisorId, ReadonlyMap<Key, string>>()
  /** Why the last connection of each hypervisor ended. */
  readonly lastError = new Map<HypervisorId, string>()
  #listeners: readonly SwitchListener[] = []

  constructor(context: Context) {
    this.#context = context
    this.#waiting = new WaitingSwitches(context.log)
    this.listen([])
  }

  /** @param listeners the listeners, in the order in which they are called */
  listen(listeners: readonly SwitchListener[]): void {
    const { confirmations } = this.#context
    const refused = (id: HypervisorId) => this.#noteRefusals(id)
    this.#listeners = [
      { refused },
      ...listeners,
      { confirmed: (id, generation) => confirmations.confirm(id, generation) },
    ]
  }

  get(hypervisor: HypervisorId): Switch | undefined {
    return this.#switches.get(hypervisor)
  }

  /** The number of connections whose datapath id no served hypervisor has reported yet. */
  get strangers(): number {
    return this.#waiting.size
  }

  entries(): IterableIterator<[HypervisorId, Switch]> {
    return this.#switches.entries()
  }

  /** Called when a switch has connected. The OVSDB of its hypervisor may report the datapath id before or after that. */
  accept(session: Session): void {
    const { graph, reception } = this.#context
    const datapathId = datapathIdOf(session)
    for (const { id, datapathId: known } of graph.hypervisors.values()) {
      if (known !== datapathId || !reception().isAdmitted(id)) continue
      this.#attach(id, session)
      return
    }
    this.#waiting.keep(datapathId, session)
    reception().switchSeen(datapathId)
  }

  admit(hypervisor: HypervisorId): void {
    this.#switches.get(hypervisor)?.reviewAgain()
    const datapathId = this.#context.graph.hypervisors.get(hypervisor)?.datapathId
    const session = datapathId && this.#waiting.take(datapathId)
    if (session) this.#attach(hypervisor, session)
  }

  dismiss(hypervisor: HypervisorId, reason: string): void {
    this.#switches.get(hypervisor)?.session.close(reason)
  }

  hasRules(datapathId: string): Promise<boolean | undefined> {
    return this.#waiting.hasRules(datapathId)
  }

  addressOf(datapathId: string): string | undefined {
    const waiting = this.#waiting.get(datapathId)
    if (waiting) return addressOf(waiting)
    for (const { session } of this.#switches.values())
      if (datapathIdOf(session) === datapathId) return addressOf(session)
    return undefined
  }

  /** Called after a commit. If a hypervisor or its datapath id is new, its switch may be waiting. */
  committed({ hypervisors }: Effects): void {
    for (const hypervisor of hypervisors) {
      const there = this.#switches.get(hypervisor)?.session
      if (there && !isServed(this.#context.graph, hypervisor, there)) {
        there.close('its hypervisor has another name or another datapath id now')
      }
      if (this.#context.reception().isAdmitted(hypervisor)) this.admit(hypervisor)
    }
  }

  /**
   * Sends rules ahead of a commit that makes these objects stale, unless that takes too long a turn of the event loop.
   * @param graph the graph after the commit
   */
  prepare(stale: StalePairs, graph: GraphReader): void {
    const until = performance.now() + MAX_PREPARE_MS
    for (const [hypervisor, objects] of stale) {
      if (performance.now() > until) return
      const target = this.#switches.get(hypervisor)
      if (target && isServed(graph, hypervisor, target.session)) target.prepare(objects, graph)
    }
  }

  /** Withdraws the rules that were sent ahead of a failed commit. */
  failed({ stale }: Effects): void {
    for (const hypervisor of stale.keys()) this.#switches.get(hypervisor)?.withdraw()
  }

  /** Tells switches which objects are stale. @returns the generations that confirm their rules */
  mark(pairs: Pairs): Generations {
    return this.#each(pairs, (target, objects) => target.stale.mark(objects))
  }

  /** Marks objects as stale, but sends them only once they are released, or together with the whole switch. */
  hold(pairs: Pairs): Generations {
    return this.#each(pairs, (target, objects) => target.stale.hold(objects))
  }

  /** Allows held objects to be sent, up to these generations. */
  release(generations: Generations): void {
    for (const [hypervisor, generation] of generations) this.#switches.get(hypervisor)?.stale.release(generation)
  }

  /** Ends the connection of a hypervisor's switch if it is that of another host. */
  checkHost(hypervisor: HypervisorId): void {
    const session = this.#switches.get(hypervisor)?.session
    if (session && this.#context.isOther(hypervisor, addressOf(session))) this.#refuseOther(hypervisor, session)
  }

  forget(hypervisor: HypervisorId): void {
    this.lastError.delete(hypervisor)
  }

  close(reason: string): void {
    for (const { session } of this.#switches.values()) session.close(reason)
    this.#waiting.close(reason)
  }

  #each(pairs: Pairs, tell: (target: Switch, objects: Iterable<Key>) => number): Generations {
    const generations = new Map<HypervisorId, number>()
    for (const [hypervisor, objects] of pairs) {
      const target = this.#switches.get(hypervisor)
      if (target && isServed(this.#context.graph, hypervisor, target.session)) {
        generations.set(hypervisor, tell(target, objects))
      }
    }
    return generations
  }

  #attach(hypervisor: HypervisorId, session: Session): void {
    const { graph, engines, log, stopwatch, isOther, refusalOf, reviewer } = this.#context
    const impostor = refusalOf?.(hypervisor, session)
    if (impostor !== undefined) {
      this.#refuse(hypervisor, session, impostor)
      return
    }
    if (isOther(hypervisor, addressOf(session))) {
      this.#refuseOther(hypervisor, session)
      return
    }
    const there = this.#switches.get(hypervisor)?.session
    if (there && addressOf(there) !== addressOf(session)) {
      void this.#contend(hypervisor, there, session)
      return
    }
    there?.close('the switch has connected anew')
    this.#detach(hypervisor)
    const isCurrent = () => this.#switches.get(hypervisor) === here
    const here: Switch = new Switch({
      hypervisor,
      session,
      graph,
      engines,
      log,
      stopwatch,
      review: (ledger) => reviewer.review(hypervisor, ledger),
      events: eventsTo(hypervisor, session, () => (isCurrent() ? this.#listeners : [])),
    })
    this.#switches.set(hypervisor, here)
    log.info({ hypervisor, from: session.remoteAddress, version: session.version }, 'switch connected')
    for (const each of this.#listeners) each.connected?.(hypervisor)
    void session.closed.then(({ reason }) => {
      this.lastError.set(hypervisor, reason)
      log.warn({ hypervisor, reason }, 'switch disconnected')
      if (isCurrent()) this.#detach(hypervisor)
    })
    void here.run()
  }

  /**
   * Two switches with one datapath id must not replace each other in turns: the first one stays if it answers. If it does not, it is
   * probably the same switch, which has another address now. The one with the address of its host replaces one without: whoever knows
   * a datapath id could be the first to connect with it.
   */
  async #contend(hypervisor: HypervisorId, there: Session, session: Session): Promise<void> {
    const { log, isOwn } = this.#context
    if (isOwn(hypervisor, addressOf(session)) && !isOwn(hypervisor, addressOf(there))) {
      there.close(`the switch at ${session.remoteAddress} has the same datapath id and the address of its host`)
      this.#detach(hypervisor)
      this.#attach(hypervisor, session)
      return
    }
    const isAlive = await answersInTime(there)
    if (this.#switches.get(hypervisor)?.session !== there) {
      this.accept(session)
    } else if (isAlive) {
      const reason = `a switch at ${there.remoteAddress} is connected with the same datapath id`
      log.error({ hypervisor, from: session.remoteAddress, reason }, 'a switch was refused')
      this.lastError.set(hypervisor, `the switch at ${session.remoteAddress} was refused: ${reason}`)
      session.close(reason)
    } else {
      there.close(`it does not answer, and the switch has connected anew from ${session.remoteAddress}`)
      this.#detach(hypervisor)
      this.#attach(hypervisor, session)
    }
  }

  /** What the connected host says of its interfaces must not become rules of the switch of another host. */
  #refuseOther(hypervisor: HypervisorId, session: Session): void {
    this.#refuse(hypervisor, session, 'another host is connected with the system-id of its host')
  }

  #refuse(hypervisor: HypervisorId, session: Session, reason: string): void {
    const write = () =>
      this.#context.log.error({ hypervisor, from: session.remoteAddress, reason }, 'a switch was refused')
    this.#sparing.log(`refused ${addressOf(session)}`, write)
    this.lastError.set(hypervisor, `the switch at ${session.remoteAddress} was refused: ${reason}`)
    session.close(reason)
  }

  #noteRefusals(hypervisor: HypervisorId): void {
    const refused = this.#switches.get(hypervisor)?.refused
    if (refused && refused.size > 0) this.refusing.set(hypervisor, refused)
    else this.refusing.delete(hypervisor)
  }

  #detach(hypervisor: HypervisorId): void {
    if (!this.#switches.delete(hypervisor)) return
    this.refusing.delete(hypervisor)
    this.#context.confirmations.forget(hypervisor)
    for (const each of this.#listeners) each.disconnected?.(hypervisor)
  }
}
