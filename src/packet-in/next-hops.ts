/**
 * Finds next hops on physical networks for members of routed networks. A packet whose next hop a switch does not know comes here;
 * the next hop is asked for from that very hypervisor, and the packet waits, for a few seconds, with a few others. Routers are
 * asked for all the time, so that one that has changed its MAC address is found. What a switch knows it goes by without us.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { Member } from '../../flows/engines/engine-rules.ts'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { CLASSIFY } from '../../flows/pipeline/table.ts'
import { HOP } from '../../flows/stages/nat/nat-tables.ts'
import { memberOf, nextHopFor, onward, routersOf, type Way, wayOf, whoHas } from '../../flows/stages/nat/next-hop.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { sliced } from '../core/slices.ts'
import { OpenFlowError, type PacketIn, type Session } from '../openflow/index.ts'
import type { Fleet } from '../switches/fleet.ts'
import { inject } from '../switches/send-packet-out.ts'
import { readArpReply, readDestination } from './next-hop-frames.ts'

/** Packets that wait for one next hop, and next hops that are waited for. */
const [MOST_PACKETS, MOST_HOPS] = [8, 1000]
/** Milliseconds between two questions, and how many are asked: then what waits is dropped. */
const [PATIENCE, QUESTIONS] = [1000, 3]
/** Milliseconds after which routers are asked for again. */
const ROUTERS_AGAIN = 10_000

interface Context {
  readonly graph: Graph
  readonly engines: Engines
  readonly fleet: Fleet
  readonly log: Logger
}

interface Hop {
  readonly session: Session
  readonly address: number
  readonly waiting: Array<{ readonly way: Way; readonly frame: Uint8Array }>
  asked: number
  timer: NodeJS.Timeout | undefined
}

export class NextHops {
  readonly #context: Context
  /** By hypervisor, physical network and address. */
  readonly #hops = new Map<string, Hop>()
  readonly #routers: NodeJS.Timeout

  constructor(context: Context) {
    this.#context = context
    this.#routers = setInterval(() => void sliced(this.#askForRouters()), ROUTERS_AGAIN)
    this.#routers.unref()
  }

  close(): void {
    clearInterval(this.#routers)
    for (const { timer } of this.#hops.values()) clearTimeout(timer)
    this.#hops.clear()
  }

  /** Is it for us what a rule of this table sends to the controller? */
  concerns(table: number): boolean {
    return table === HOP.number || table === CLASSIFY.number
  }

  /** A switch has sent a packet. */
  asked(hypervisor: HypervisorId, session: Session, { cookie, table, data }: PacketIn): void {
    const author = authorOf(cookie)
    const member = author === undefined ? undefined : memberOf(this.#context.graph, author)
    if (member?.hypervisor !== hypervisor) return
    this.#carefully(member, () => {
      const way = wayOf(this.#context.graph, this.#context.engines, member)
      if (!way) return
      if (table === CLASSIFY.number) this.#found(hypervisor, way.via, data)
      else this.#wait(hypervisor, session, way, data)
    })
  }

  #wait(hypervisor: HypervisorId, session: Session, way: Way, frame: Uint8Array): void {
    const destination = readDestination(frame)
    const address = destination === undefined ? undefined : nextHopFor(way.fabric, destination)
    if (address === undefined) return
    const at = `${hypervisor} ${way.via} ${address}`
    const there = this.#hops.get(at)
    if (there) {
      if (there.waiting.length < MOST_PACKETS) there.waiting.push({ way, frame })
      return
    }
    if (this.#hops.size >= MOST_HOPS) return
    const hop: Hop = { session, address, waiting: [{ way, frame }], asked: 0, timer: undefined }
    this.#hops.set(at, hop)
    this.#ask(at, hop)
  }

  #ask(at: string, hop: Hop): void {
    const { way } = hop.waiting[0] ?? {}
    if (hop.asked === QUESTIONS || !way) return void this.#hops.delete(at)
    hop.asked += 1
    hop.timer = setTimeout(() => this.#ask(at, hop), PATIENCE)
    hop.timer.unref()
    this.#carefully(way.member, () => inject(hop.session, whoHas(way, hop.address)))
  }

  /** An answer has come; the switch has learned of it already. */
  #found(hypervisor: HypervisorId, via: number, frame: Uint8Array): void {
    const reply = readArpReply(frame)
    const at = `${hypervisor} ${via} ${reply?.address}`
    const hop = this.#hops.get(at)
    if (!reply || !hop) return
    clearTimeout(hop.timer)
    this.#hops.delete(at)
    for (const { way, frame } of hop.waiting) {
      this.#carefully(way.member, () => inject(hop.session, onward(way, frame, reply.mac)))
    }
  }

  /** One hypervisor at a time. */
  *#askForRouters(): Generator<void> {
    const { graph, engines, fleet } = this.#context
    for (const [hypervisor, { ready, session }] of fleet.entries()) {
      if (!ready) continue
      for (const way of this.#routersOn(hypervisor, graph, engines)) {
        const { nextHop } = way.fabric
        if (nextHop !== null) this.#carefully(way.member, () => inject(session, whoHas(way, nextHop)))
        yield
      }
      yield
    }
  }

  #routersOn(hypervisor: HypervisorId, graph: Graph, engines: Engines): Way[] {
    const members: Member[] = []
    for (const [id, ports] of graph.networksOn(hypervisor).entries()) {
      const network = graph.networks.get(id)
      if (!network || !engines.get(network.engine)?.rules.translation) continue
      // One that is up speaks for all of its network.
      for (const port of ports) {
        const member = graph.placement(port)
        if (!member?.vnic || member.hypervisor !== hypervisor || !member.port.adminUp) continue
        members.push(member as Member)
        break
      }
    }
    try {
      return routersOf(graph, engines, members)
    } catch (error) {
      if (!(error instanceof EngineMistake)) throw error
      return []
    }
  }

  #carefully(member: Member, work: () => void): void {
    try {
      work()
    } catch (error) {
      const isOver = error instanceof OpenFlowError && error.code === 'closed'
      const words = error instanceof EngineMistake ? error.message : 'a next hop could not be asked for'
      if (!isOver) this.#context.log.warn({ err: error, port: member.port.id }, words)
    }
  }
}
