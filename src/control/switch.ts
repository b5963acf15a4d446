/**
 * One switch, as long as its OpenFlow connection lives: dumps what it has, compares that with what we want, sends the
 * difference in one atomic ordered bundle, closes with a barrier; from then on sends what changes make stale. Changes that
 * come while a bundle is under way wait and share the next one. Whatever somebody else does to our rules is put right.
 */
import type { Logger } from 'pino'
import { compile, type Engines, objectsOn } from '../../flows/compile.ts'
import { Ledger } from '../../flows/delta.ts'
import type { Rule } from '../../flows/rule.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import { BundleError, type Flow, type FlowUpdate, printFlow, type Session } from '../openflow/index.ts'
import { flowMods, refusedAuthors } from './flow-mods.ts'
import { sliced } from './slices.ts'

/** How often a switch is compared with what we want even if nothing was noticed, milliseconds. */
const AUDIT_INTERVAL = 60_000
/** After a change by another hand it is compared once this time has passed, milliseconds: such changes come in numbers. */
const AUDIT_PAUSE = 200
/** A refused object is tried again after this time, doubling up to the longest, milliseconds. */
const RETRY_FIRST = 1_000
const RETRY_LONGEST = 30_000

export interface SwitchEvents {
  /** All changes up to this generation are in the switch, or set aside. */
  confirmed(generation: number): void
  /** The whole switch was compared: it holds no rule of ours but those that were wanted as of this generation. */
  synced(generation: number): void
  /** The set of refused objects has changed. */
  refused(objects: ReadonlySet<Key>): void
}

interface Context {
  readonly hypervisor: HypervisorId
  readonly session: Session
  readonly graph: Graph
  readonly engines: Engines
  readonly log: Logger
  readonly events: SwitchEvents
}

export class Switch {
  readonly session: Session
  readonly #context: Context
  readonly #log: Logger
  readonly #ledger = new Ledger()
  #dirty = new Set<Key>()
  #generation = 0
  #confirmed = 0
  #ready = false
  #auditDue = true
  #auditSoon = false
  #wake: () => void = () => {}
  #closed = false
  #retryDelay = RETRY_FIRST
  #retrying = false
  #timers = new Set<NodeJS.Timeout>()
  /** Rules that were added or deleted since it connected. */
  sent = 0
  /** Objects whose rules the switch refused, with its words. */
  readonly refused = new Map<Key, string>()

  constructor(context: Context) {
    this.#context = context
    this.session = context.session
    this.#log = context.log.child({ hypervisor: context.hypervisor })
  }

  /** Has the switch been compared with what we want since it connected? */
  get ready(): boolean {
    return this.#ready
  }

  /** The latest generation it was told of. */
  get generation(): number {
    return this.#generation
  }

  get rules(): number {
    return this.#ledger.size
  }

  get backlog(): number {
    return this.#dirty.size
  }

  /** Note what is stale. @returns the generation that will confirm it */
  mark(objects: Iterable<Key>): number {
    for (const object of objects) this.#dirty.add(object)
    this.#generation += 1
    this.#wake()
    return this.#generation
  }

  /** Serve the switch until its connection ends. */
  async run(): Promise<void> {
    const audit = setInterval(() => this.#requestAudit(), AUDIT_INTERVAL)
    try {
      void this.session.closed.then(() => this.#stop())
      void this.#watch()
      while (!this.#closed) {
        if (this.#auditDue) await this.#audit()
        else if (this.#confirmed < this.#generation) await this.#push()
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } catch (error) {
      if (!this.#closed) {
        this.#log.error({ err: error }, 'the switch cannot be served: its connection is closed, to begin anew')
        this.session.close(`cannot be served: ${error instanceof Error ? error.message : String(error)}`)
      }
    } finally {
      clearInterval(audit)
      for (const timer of this.#timers) clearTimeout(timer)
    }
  }

  /** What the switch has now, rules of ours and of others. */
  async actual(): Promise<Flow[]> {
    const flows: Flow[] = []
    for await (const some of this.session.dumpFlows()) flows.push(...some)
    return flows
  }

  #stop(): void {
    this.#closed = true
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
    this.#later(() => {
      this.#auditSoon = false
      this.#requestAudit()
    }, AUDIT_PAUSE)
  }

  #later(work: () => void, delay: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, delay)
    this.#timers.add(timer)
  }

  /** The switch tells of changes of its rules that were not ours. */
  async #watch(): Promise<void> {
    try {
      await this.session.monitorFlows()
      for await (const event of this.session.events) {
        if (event.type === 'multipart_reply' && event.multipart === 'flow_monitor' && event.updates.some(foreign))
          this.#requestAuditSoon()
      }
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
    this.#auditDue = false
    this.#dirty = new Set()
    const generation = this.#generation
    await sliced(this.#compileAll())
    this.#ledger.forget()
    for await (const flows of this.session.dumpFlows()) for (const flow of flows) this.#ledger.observe(flow)
    const sent = await this.#send(this.#ledger.authors())
    if (!this.#ready) this.#log.info({ rules: this.#ledger.size, ...sent }, 'switch compared with what is wanted')
    else if (sent.put + sent.drop > 0) this.#log.warn(sent, 'rules were changed by another hand: put right')
    this.#ready = true
    this.#confirm(generation)
    this.#context.events.synced(generation)
  }

  /** Compile everything on the switch, and forget the authors that have nothing there. */
  *#compileAll(): Generator<void> {
    const { graph, hypervisor } = this.#context
    const present = new Set(objectsOn(graph, hypervisor))
    for (const author of [...this.#ledger.authors()]) if (!present.has(author)) this.#ledger.replace(author, [])
    for (const object of present) {
      this.#compile(object)
      yield
    }
  }

  #compile(object: Key): void {
    const { graph, engines, hypervisor } = this.#context
    this.#ledger.replace(object, compile(graph, engines, hypervisor, object))
  }

  /** Send what the stale objects want differently. */
  async #push(): Promise<void> {
    const stale = this.#dirty
    this.#dirty = new Set()
    const generation = this.#generation
    const compileStale = function* (this: Switch) {
      for (const object of stale) {
        this.#compile(object)
        yield
      }
    }
    await sliced(compileStale.call(this))
    await this.#send(stale)
    this.#confirm(generation)
  }

  #confirm(generation: number): void {
    this.#confirmed = generation
    this.#context.events.confirmed(generation)
  }

  /**
   * Send what the ledger has open, in one bundle. If the switch refuses a rule, its author's changes are set aside and
   * the rest is sent again.
   * @param compiled the objects whose rules these are
   */
  async #send(compiled: Iterable<Key>): Promise<{ put: number; drop: number }> {
    const aside = new Map<Key, string>()
    for (;;) {
      const { put, drop, replaced } = await sliced(this.#ledger.delta())
      for (const flow of replaced) {
        this.#log.warn({ flow: printFlow(flow) }, "another hand's rule stands where one of ours must: ours replaces it")
      }
      try {
        if (put.length + drop.length > 0) await this.session.bundle(flowMods(put, drop))
        await sliced(this.#ledger.sent())
        this.sent += put.length + drop.length
        this.#noteRefused(compiled, aside)
        return { put: put.length, drop: drop.length }
      } catch (error) {
        const authors = error instanceof BundleError ? refusedAuthors(error) : new Map<Key, string>()
        if (authors.size === 0) throw error
        for (const [author, words] of authors) {
          const again = aside.has(author)
          if (again && this.#ledger.of(author).length === 0) throw error
          aside.set(author, words)
          this.#ledger.replace(author, again ? [] : this.#fallback(author))
        }
      }
    }
  }

  #noteRefused(compiled: Iterable<Key>, aside: ReadonlyMap<Key, string>): void {
    const changed = new Set<Key>(aside.keys())
    for (const object of compiled) if (this.refused.delete(object)) changed.add(object)
    for (const [object, words] of aside) {
      this.refused.set(object, words)
      this.#log.error(
        { object: this.#context.graph.byKey.get(object), refusal: words },
        'the switch refused a rule: set aside, tried again later',
      )
    }
    if (aside.size > 0) this.#retry()
    if (this.refused.size === 0) this.#retryDelay = RETRY_FIRST
    if (changed.size > 0) this.#context.events.refused(changed)
  }

  /**
   * What a refused object is left with. A network keeps what the switch has of it, since others live on it; a port is left
   * without rules, since those it had may name a port number that is somebody else's by now.
   */
  #fallback(author: Key): readonly Rule[] {
    const isNetwork = this.#context.graph.byKey.get(author)?.kind === 'network'
    return isNetwork ? this.#ledger.kept(author, 'as it was before a change that the switch refuses') : []
  }

  /** All that is refused is tried again together, later each time. */
  #retry(): void {
    if (this.#retrying) return
    this.#retrying = true
    this.#later(() => {
      this.#retrying = false
      if (this.refused.size > 0) this.mark(this.refused.keys())
    }, this.#retryDelay)
    this.#retryDelay = Math.min(this.#retryDelay * 2, RETRY_LONGEST)
  }
}

/** Our own changes come as `abbrev`; `resumed` follows changes that nobody was told of. */
const foreign = ({ event }: FlowUpdate): boolean => event !== 'abbrev' && event !== 'paused'
