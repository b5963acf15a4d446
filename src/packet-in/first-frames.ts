/**
 * The first frames of VMs at the targets of their migrations. Such a frame shows that the VM runs there now, so its migration is
 * activated. The frame itself is not lost: it enters the switch again as soon as that one has the rules of the VNIC, from the
 * interface that it came from, and is guarded and forwarded like any other.
 */
import type { Logger } from 'pino'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { arrival } from '../../flows/stages/arrival/arrival-stage.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Effects } from '../core/effects.ts'
import type { Generations } from '../core/realisation.ts'
import { Timers } from '../core/timers.ts'
import { OpenFlowError, type PacketIn, type Session } from '../openflow/index.ts'
import { sendFromPort } from '../switches/send-packet-out.ts'
import type { Outcome, PacketHandler } from './dispatch.ts'
import { ofportOf, portOf } from './frame-source.ts'

const MAX_FRAMES_OF_ONE_VNIC = 8
const MAX_VNICS = 500
/** A hand-over takes some tens of milliseconds. Guests send again what is older than this. */
const MAX_AGE_MS = 2_000

interface Context {
  readonly graph: GraphReader
  readonly log: Logger
  /** Activates the migration of a VNIC to this hypervisor. Resolves when that is durable. */
  activate(vnic: VnicId, at: HypervisorId): Promise<unknown>
  count(outcome: Outcome): void
}

/** The frames of a VNIC that wait for its rules. */
interface Held {
  readonly hypervisor: HypervisorId
  readonly session: Session
  readonly ofport: number
  readonly frames: Uint8Array[]
  /** The generation that confirms the rules; undefined while the VNIC is not handed over. */
  generation: number | undefined
}

export class FirstFrames implements PacketHandler {
  readonly stage = arrival
  readonly #context: Context
  readonly #held = new Map<VnicId, Held>()
  readonly #timers = new Timers()

  constructor(context: Context) {
    this.#context = context
  }

  packetIn(hypervisor: HypervisorId, session: Session, packet: PacketIn): void {
    this.#context.count(this.#take(hypervisor, session, packet))
  }

  committed({ arrivals }: Effects, generations: Generations): void {
    for (const id of arrivals) {
      const held = this.#held.get(id)
      if (held) held.generation = generations.get(held.hypervisor)
    }
  }

  confirmed(hypervisor: HypervisorId, generation: number): void {
    for (const [id, held] of this.#held) {
      if (held.hypervisor !== hypervisor || held.generation === undefined || held.generation > generation) continue
      this.#held.delete(id)
      if (!this.#isPlaced(id, held)) continue
      this.#enter(held.session, held.ofport, held.frames)
    }
  }

  disconnected(hypervisor: HypervisorId): void {
    for (const [id, held] of this.#held) if (held.hypervisor === hypervisor) this.#held.delete(id)
  }

  close(): void {
    this.#timers.clear()
    this.#held.clear()
  }

  #take(hypervisor: HypervisorId, session: Session, packet: PacketIn): Outcome {
    const { graph } = this.#context
    const port = portOf(graph, authorOf(packet.cookie))
    if (!port) return 'ignored'
    const { data } = packet
    const ofport = ofportOf(packet)
    const [waiting, placed] = [graph.expected(port), graph.placement(port)].map((place) =>
      place?.hypervisor === hypervisor && place.ofport === ofport ? place : undefined,
    )
    const at = waiting ?? placed
    if (!at?.vnic || at.ofport === null) return 'ignored'
    const held = this.#held.get(at.vnic.id)
    if (held?.session === session && held.ofport === at.ofport) {
      if (held.frames.length >= MAX_FRAMES_OF_ONE_VNIC) return 'dropped'
      held.frames.push(data)
    } else if (placed) {
      // The rules of the VNIC came while the frame was on its way.
      this.#enter(session, at.ofport, [data])
    } else {
      if (this.#held.size >= MAX_VNICS) return 'dropped'
      this.#hold(at.vnic.id, { hypervisor, session, ofport: at.ofport, frames: [data], generation: undefined })
    }
    return 'answered'
  }

  #hold(id: VnicId, held: Held): void {
    const { activate, log } = this.#context
    const drop = () => {
      if (this.#held.get(id) === held) this.#held.delete(id)
    }
    this.#held.set(id, held)
    this.#timers.later(drop, MAX_AGE_MS)
    activate(id, held.hypervisor).catch((error: unknown) => {
      // Its next frame tries again.
      drop()
      log.error({ err: error, vnic: id, hypervisor: held.hypervisor }, 'cannot complete the migration of a VNIC')
    })
  }

  #enter(session: Session, ofport: number, frames: readonly Uint8Array[]): void {
    try {
      for (const frame of frames) sendFromPort(session, ofport, frame)
    } catch (error) {
      // The frames are lost with the connection.
      if (!(error instanceof OpenFlowError) || error.code !== 'closed') throw error
    }
  }

  #isPlaced(id: VnicId, { hypervisor, ofport }: Held): boolean {
    const binding = this.#context.graph.bindings.get(id)
    return binding?.hypervisor === hypervisor && binding.ofport === ofport
  }
}
