/**
 * What the guards of VNICs refuse. The switches count it, each VNIC in a rule of its own, and every two seconds they are asked whether
 * their sums have grown. Some of the frames come to the controller, at a limited rate: the latest one is the example.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import { domainOf } from '../../flows/domain-of.ts'
import { EngineMistake, guardsOf } from '../../flows/engines/checked.ts'
import type { Member } from '../../flows/engines/engine-rules.ts'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { REFUSED } from '../../flows/pipeline/table.ts'
import { guard } from '../../flows/stages/guard/guard-stage.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key, VnicId } from '../../topology/ids.ts'
import type { Effects } from '../core/effects.ts'
import { sliced } from '../core/slices.ts'
import { SparingLog } from '../core/sparing-log.ts'
import type { GuardDropsView } from '../core/views.ts'
import { type FlowEntry, OpenFlowError, type PacketIn, type Session } from '../openflow/index.ts'
import type { Fleet } from '../switches/fleet.ts'
import type { PacketHandler } from './dispatch.ts'
import { type Counter, DropCounts } from './drop-counts.ts'
import { portOf, senderOf } from './frame-source.ts'
import { wordsFor } from './refusal-words.ts'

/** Open vSwitch itself updates the counters of its rules about twice a second. */
const READ_INTERVAL_MS = 2_000
/** The most counters that are read in an interval, before the other switches wait for the next one. */
const MAX_COUNTERS = 5_000
/** The least time between two examples of a VNIC. */
const EXAMPLE_INTERVAL_MS = 500

interface Context {
  readonly graph: GraphReader
  readonly rules: Engines
  readonly fleet: Fleet
  readonly log: Logger
}

interface Example {
  readonly words: string
  readonly at: number
}

/** The last read of a switch. */
interface Read {
  readonly sum: string
  readonly at: number
}

export class GuardDrops implements PacketHandler {
  readonly stage = guard
  readonly #context: Context
  readonly #counts = new DropCounts()
  readonly #examples = new Map<VnicId, Example>()
  readonly #reads = new WeakMap<Session, Read>()
  readonly #reading = new WeakSet<Session>()
  readonly #sparingly = new SparingLog()
  readonly #timer: NodeJS.Timeout
  /** The number of counters that may still be read in this interval. */
  #left = 0

  constructor(context: Context) {
    this.#context = context
    this.#timer = setInterval(() => void sliced(this.#round()), READ_INTERVAL_MS)
    this.#timer.unref()
  }

  packetIn(hypervisor: HypervisorId, _session: Session, packet: PacketIn): void {
    const member = senderOf(this.#context.graph, hypervisor, packet)
    if (!member) return
    const now = performance.now()
    const { id } = member.vnic
    if (now - (this.#examples.get(id)?.at ?? Number.NEGATIVE_INFINITY) < EXAMPLE_INTERVAL_MS) return
    const words = this.#wordsFor(member, packet.data)
    if (words !== undefined) this.#examples.set(id, { words, at: now })
  }

  /** An unplugged VNIC begins anew with its next port. */
  committed({ vnics, destroyed }: Effects): void {
    for (const id of [...vnics, ...destroyed]) {
      if ((this.#context.graph.vnics.get(id)?.portId ?? null) !== null) continue
      this.#counts.forget(id)
      this.#examples.delete(id)
    }
  }

  /** What the guard of a VNIC has refused; null: nothing. */
  of(id: VnicId): GuardDropsView | null {
    const counted = this.#counts.get(id)
    if (!counted) return null
    const { count, sinceMs } = counted
    return { count, since: new Date(sinceMs).toISOString(), example: this.#examples.get(id)?.words ?? null }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Asks every switch. Those that were read longest ago come first. */
  *#round(): Generator<void> {
    this.#left = MAX_COUNTERS
    const readAt = (session: Session) => this.#reads.get(session)?.at ?? 0
    const sessions = [...this.#context.fleet.entries()].flatMap(([, { ready, session }]) => (ready ? session : []))
    for (const session of sessions.sort((a, b) => readAt(a) - readAt(b))) {
      if (!this.#reading.has(session)) void this.#ask(session)
      yield
    }
  }

  async #ask(session: Session): Promise<void> {
    this.#reading.add(session)
    try {
      const request = { type: 'multipart_request', multipart: 'aggregate', table: REFUSED.number } as const
      const { packets = 0n, flows = 0 } = (await session.request(request)).stats
      const sum = `${flows} ${packets}`
      if (sum === this.#reads.get(session)?.sum || this.#left <= 0) return
      this.#left -= flows
      const counters = packets === 0n ? [] : await countersOf(session)
      this.#reads.set(session, { sum, at: performance.now() })
      this.#counts.note(session.datapathId, counters, (port) => this.#vnicOf(port))
    } catch (error) {
      if (error instanceof OpenFlowError && error.code === 'closed') return
      const words = `cannot read what guards have refused: ${error instanceof Error ? error.message : String(error)}`
      this.#sparingly.log(words, () => this.#context.log.warn({ err: error, from: session.remoteAddress }, words))
    } finally {
      this.#reading.delete(session)
    }
  }

  #wordsFor(member: Member, frame: Uint8Array): string | undefined {
    const { graph, rules } = this.#context
    const domain = domainOf(graph, member.port)
    const engine = domain && rules.get(domain.engine)
    if (!engine) return undefined
    try {
      return wordsFor(frame, guardsOf(engine.rules, member, domain))
    } catch (error) {
      // The status of the VNIC shows the mistake.
      if (error instanceof EngineMistake) return undefined
      throw error
    }
  }

  /** The VNIC whose frames a port takes. It may be on no hypervisor at present. */
  #vnicOf(key: Key): VnicId | undefined {
    const { graph } = this.#context
    const port = portOf(graph, key)
    return port && graph.attachmentOf(port)?.vnic.id
  }
}

async function countersOf(session: Session): Promise<Counter[]> {
  const now = Date.now()
  const found: Counter[] = []
  for await (const flows of session.dumpFlows({ table: REFUSED.number })) found.push(...flows.flatMap(counterOf(now)))
  return found
}

const counterOf =
  (now: number) =>
  ({ cookie, stats: { packets = 0n, duration } }: FlowEntry): Counter[] => {
    const port = authorOf(cookie)
    if (port === undefined || !duration) return []
    const ageMs = duration.seconds * 1_000 + duration.nanoseconds / 1_000_000
    return [{ port, packets: Number(packets), sinceMs: now - ageMs }]
  }
