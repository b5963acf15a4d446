/**
 * Answers requests of guests: DHCP and router solicitations. A switch sends such a frame with the cookie of the rule that it
 * matched. The cookie identifies the port that the frame came from. The engine of that port's network makes the answer, which
 * is sent to that port only. Three limits keep one guest from starving the others: a meter in the switch, the number of frames
 * that wait here (for each port and for all together), and a slice of each turn of the event loop.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import { domainOf } from '../../flows/domain-of.ts'
import type { Member } from '../../flows/engines/engine-rules.ts'
import { toItself } from '../../flows/packet-out.ts'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { answer } from '../../flows/stages/answer/answer-stage.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Answer, Engine } from '../core/engine/engine.ts'
import { sliced } from '../core/slices.ts'
import { SparingLog } from '../core/sparing-log.ts'
import { OpenFlowError, type PacketIn, type Session } from '../openflow/index.ts'
import { sendPacketOut } from '../switches/send-packet-out.ts'
import type { Outcome, PacketHandler } from './dispatch.ts'
import { senderOf } from './frame-source.ts'

const MAX_WAITING = 2_000
const MAX_WAITING_OF_ONE_PORT = 4

interface Context {
  readonly graph: GraphReader
  readonly engines: ReadonlyMap<string, Engine>
  readonly rules: Engines
  readonly log: Logger
  count(outcome: Outcome): void
}

interface Waiting {
  readonly hypervisor: HypervisorId
  readonly session: Session
  readonly port: Key
  readonly packet: PacketIn
}

export class Responder implements PacketHandler {
  readonly stage = answer
  readonly #context: Context
  readonly #waiting: Waiting[] = []
  readonly #waitingOf = new Map<Key, number>()
  readonly #sparingly = new SparingLog()
  #isBusy = false

  constructor(context: Context) {
    this.#context = context
  }

  packetIn(hypervisor: HypervisorId, session: Session, packet: PacketIn): void {
    const port = authorOf(packet.cookie)
    if (port === undefined) {
      this.#context.count('ignored')
      return
    }
    const waiting = this.#waitingOf.get(port) ?? 0
    if (waiting >= MAX_WAITING_OF_ONE_PORT || this.#waiting.length >= MAX_WAITING) {
      this.#context.count('dropped')
      return
    }
    this.#waitingOf.set(port, waiting + 1)
    this.#waiting.push({ hypervisor, session, port, packet })
    if (this.#isBusy) return
    this.#isBusy = true
    void sliced(this.#work())
  }

  *#work(): Generator<void> {
    // Frames that arrive meanwhile are answered in this run, too.
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const left = (this.#waitingOf.get(next.port) ?? 1) - 1
      if (left > 0) this.#waitingOf.set(next.port, left)
      else this.#waitingOf.delete(next.port)
      this.#context.count(this.#answer(next) ? 'answered' : 'ignored')
      yield
    }
    this.#isBusy = false
  }

  /** @returns whether there was an answer */
  #answer({ hypervisor, session, port, packet }: Waiting): boolean {
    const { graph, rules, log } = this.#context
    const member = senderOf(graph, hypervisor, packet)
    if (!member) return false
    const about = { hypervisor, port: member.port.id }
    try {
      const { frames, note } = this.#ask(member, packet.data)
      if (note !== undefined) this.#sparingly.log(`${port} ${note}`, () => log.info(about, note))
      const answers = toItself(graph, rules, member, frames)
      for (const answer of answers) sendPacketOut(session, answer)
      return answers.length > 0
    } catch (error) {
      if (!(error instanceof OpenFlowError) || error.code !== 'closed') {
        const words = `cannot answer a guest: ${error instanceof Error ? error.message : String(error)}`
        this.#sparingly.log(words, () => log.error({ err: error, ...about }, words))
      }
      return false
    }
  }

  #ask(member: Member, frame: Uint8Array): Answer {
    const { graph, engines } = this.#context
    const domain = domainOf(graph, member.port)
    const engine = domain && engines.get(domain.engine)
    return engine?.answer?.(graph, member, frame) ?? { frames: [] }
  }
}
