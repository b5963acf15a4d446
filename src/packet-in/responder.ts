/**
 * Answers what guests ask of the controller: DHCP, who is a router. A switch sends such a frame with the cookie of the rule that
 * sent it, which says whose port it came from; the engine of that port's network says the answer, and it goes back to that port
 * alone. The switch lets each VNIC ask only so often. Beyond that no VNIC has more than a few frames waiting here, all of them
 * together have so many, and a turn of the event loop takes on no more than a slice of them.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import type { Member } from '../../flows/engines/engine-rules.ts'
import { toItself } from '../../flows/packet-out.ts'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { ANSWER } from '../../flows/pipeline/table.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Answer, Engine } from '../core/engine/engine.ts'
import { sliced } from '../core/slices.ts'
import { OpenFlowError, type PacketIn, type Session } from '../openflow/index.ts'
import { inject } from '../switches/send-packet-out.ts'

/** Frames that wait, of all VNICs and of one. */
const [MOST_WAITING, MOST_OF_ONE] = [2_000, 4]
/** What is to be known of a port is logged once in this time, milliseconds. */
const NOTE_INTERVAL = 60_000

/** What became of the frames. */
export const OUTCOMES = ['answered', 'ignored', 'dropped'] as const

interface Context {
  readonly graph: Graph
  readonly engines: ReadonlyMap<string, Engine>
  readonly rules: Engines
  readonly log: Logger
}

interface Punt {
  readonly hypervisor: HypervisorId
  readonly session: Session
  readonly port: Key
  readonly packet: PacketIn
}

export class Responder {
  /** Frames since it was started, by what became of them. */
  readonly counts: Record<(typeof OUTCOMES)[number], number> = { answered: 0, ignored: 0, dropped: 0 }
  readonly #context: Context
  readonly #waiting: Punt[] = []
  readonly #waitingOf = new Map<Key, number>()
  #busy = false
  /** What was logged in this interval. */
  #noted = new Set<string>()
  #notedSince = 0

  constructor(context: Context) {
    this.#context = context
  }

  /** A switch has sent a packet. */
  asked(hypervisor: HypervisorId, session: Session, packet: PacketIn): void {
    const port = authorOf(packet.cookie)
    if (port === undefined || packet.table !== ANSWER.number) {
      this.counts.ignored += 1
      return
    }
    const its = this.#waitingOf.get(port) ?? 0
    if (its >= MOST_OF_ONE || this.#waiting.length >= MOST_WAITING) {
      this.counts.dropped += 1
      return
    }
    this.#waitingOf.set(port, its + 1)
    this.#waiting.push({ hypervisor, session, port, packet })
    if (this.#busy) return
    this.#busy = true
    void sliced(this.#work())
  }

  *#work(): Generator<void> {
    // Those that come meanwhile are taken on, too.
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const left = (this.#waitingOf.get(next.port) ?? 1) - 1
      if (left > 0) this.#waitingOf.set(next.port, left)
      else this.#waitingOf.delete(next.port)
      this.counts[this.#answer(next) ? 'answered' : 'ignored'] += 1
      yield
    }
    this.#busy = false
  }

  /** @returns whether there was an answer */
  #answer({ hypervisor, session, port, packet }: Punt): boolean {
    const { graph, rules, log } = this.#context
    const member = this.#memberOf(port, hypervisor, packet)
    if (!member) return false
    try {
      const { frames, note } = this.#ask(member, packet.data)
      if (note !== undefined) this.#note(`${port} ${note}`, () => log.info({ hypervisor, port: member.port.id }, note))
      const told = toItself(graph, rules, member, frames)
      for (const injection of told) inject(session, injection)
      return told.length > 0
    } catch (error) {
      if (!(error instanceof OpenFlowError) || error.code !== 'closed') {
        const words = `a guest could not be answered: ${error instanceof Error ? error.message : String(error)}`
        this.#note(words, () => log.error({ err: error, hypervisor, port: member.port.id }, words))
      }
      return false
    }
  }

  /** The VNIC that a frame came from, if it is still there. */
  #memberOf(key: Key, hypervisor: HypervisorId, { match }: PacketIn): Member | undefined {
    const { graph } = this.#context
    const what = graph.byKey.get(key)
    const member = what?.kind === 'port' ? graph.placement(what.id) : undefined
    if (!member?.vnic || member.hypervisor !== hypervisor) return undefined
    const from = match.find(({ field }) => field === 'in_port')
    return from && 'value' in from && from.value === member.ofport ? (member as Member) : undefined
  }

  #ask(member: Member, frame: Uint8Array): Answer {
    const { graph, engines } = this.#context
    const network = member.port.networkId && graph.networks.get(member.port.networkId)
    const engine = engines.get(network ? network.engine : member.port.engine)
    return engine?.answer?.(graph, member, frame) ?? { frames: [] }
  }

  /** What guests can make happen as often as they like is not logged as often. */
  #note(what: string, log: () => void): void {
    const now = performance.now()
    if (now - this.#notedSince > NOTE_INTERVAL) {
      this.#noted = new Set()
      this.#notedSince = now
    }
    if (this.#noted.size >= MOST_WAITING || this.#noted.has(what)) return
    this.#noted.add(what)
    log()
  }
}
