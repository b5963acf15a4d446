/**
 * Finds next hops on physical networks for members of networks that translate addresses. A packet whose next hop the switch
 * does not know comes to the controller. It waits for a few seconds, while that same hypervisor sends ARP requests for the next
 * hop. Routers are requested at regular intervals, so that a router with a new MAC address is found. The switch learns the
 * answers by itself, so later packets do not come here.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { Member } from '../../flows/engines/engine-rules.ts'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { CLASSIFY } from '../../flows/pipeline/table.ts'
import { nat } from '../../flows/stages/nat/nat-stage.ts'
import { memberOf, nextHopFor, onward, routersOf, type Way, wayOf, whoHas } from '../../flows/stages/nat/next-hop.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { sliced } from '../core/slices.ts'
import { OpenFlowError, type PacketIn, type Session } from '../openflow/index.ts'
import type { Fleet } from '../switches/fleet.ts'
import { sendPacketOut } from '../switches/send-packet-out.ts'
import type { PacketHandler } from './dispatch.ts'
import { readArpReply, readDestination } from './next-hop-frames.ts'

const MAX_PACKETS_OF_ONE_HOP = 8
const MAX_HOPS = 1_000
const REQUEST_INTERVAL_MS = 1_000
/** After this many requests without an answer, the waiting packets are dropped. */
const MAX_REQUESTS = 3
const ROUTER_INTERVAL_MS = 10_000

interface Context {
  readonly graph: GraphReader
  readonly rules: Engines
  readonly fleet: Fleet
  readonly log: Logger
}

/** A next hop for which ARP requests are being sent. */
interface Hop {
  readonly session: Session
  /** IPv4, 32 bits. */
  readonly address: number
  readonly waiting: Array<{ readonly way: Way; readonly frame: Uint8Array }>
  requests: number
  timer: NodeJS.Timeout | undefined
}

export class NextHops implements PacketHandler {
  readonly stage = nat
  readonly #context: Context
  /** By hypervisor, physical network and address. */
  readonly #hops = new Map<string, Hop>()
  readonly #routerTimer: NodeJS.Timeout

  constructor(context: Context) {
    this.#context = context
    this.#routerTimer = setInterval(() => void sliced(this.#askForRouters()), ROUTER_INTERVAL_MS)
    this.#routerTimer.unref()
  }

  close(): void {
    clearInterval(this.#routerTimer)
    for (const { timer } of this.#hops.values()) clearTimeout(timer)
    this.#hops.clear()
  }

  packetIn(hypervisor: HypervisorId, session: Session, { cookie, table, data }: PacketIn): void {
    const { graph, rules } = this.#context
    const author = authorOf(cookie)
    const member = author === undefined ? undefined : memberOf(graph, author)
    if (member?.hypervisor !== hypervisor) return
    this.#logged(member, () => {
      const way = wayOf(graph, rules, member)
      if (!way) return
      // Rules of table classify send ARP replies. All other rules send packets whose next hop is not known.
      if (table === CLASSIFY.number) this.#found(hypervisor, way.via, data)
      else this.#wait(hypervisor, session, way, data)
    })
  }

  #wait(hypervisor: HypervisorId, session: Session, way: Way, frame: Uint8Array): void {
    const destination = readDestination(frame)
    const address = destination === undefined ? undefined : nextHopFor(way.fabric, destination)
    if (address === undefined) return
    const key = keyOf(hypervisor, way.via, address)
    const known = this.#hops.get(key)
    if (known) {
      if (known.waiting.length < MAX_PACKETS_OF_ONE_HOP) known.waiting.push({ way, frame })
      return
    }
    if (this.#hops.size >= MAX_HOPS) return
    const hop: Hop = { session, address, waiting: [{ way, frame }], requests: 0, timer: undefined }
    this.#hops.set(key, hop)
    this.#request(key, hop)
  }

  #request(key: string, hop: Hop): void {
    const [first] = hop.waiting
    if (hop.requests === MAX_REQUESTS || !first) {
      this.#hops.delete(key)
      return
    }
    hop.requests += 1
    hop.timer = setTimeout(() => this.#request(key, hop), REQUEST_INTERVAL_MS)
    hop.timer.unref()
    this.#logged(first.way.member, () => sendPacketOut(hop.session, whoHas(first.way, hop.address)))
  }

  /** Called when an answer has arrived: sends the packets that wait for it. */
  #found(hypervisor: HypervisorId, via: number, frame: Uint8Array): void {
    const reply = readArpReply(frame)
    if (!reply) return
    const key = keyOf(hypervisor, via, reply.address)
    const hop = this.#hops.get(key)
    if (!hop) return
    clearTimeout(hop.timer)
    this.#hops.delete(key)
    for (const { way, frame } of hop.waiting) {
      this.#logged(way.member, () => sendPacketOut(hop.session, onward(way, frame, reply.mac)))
    }
  }

  /** Visits the hypervisors one after the other. */
  *#askForRouters(): Generator<void> {
    for (const [hypervisor, { ready, session }] of this.#context.fleet.entries()) {
      if (!ready) continue
      for (const way of this.#routersOn(hypervisor)) {
        const { nextHop } = way.fabric
        if (nextHop !== null) this.#logged(way.member, () => sendPacketOut(session, whoHas(way, nextHop)))
        yield
      }
      yield
    }
  }

  #routersOn(hypervisor: HypervisorId): Way[] {
    const { graph, rules } = this.#context
    const members: Member[] = []
    for (const [id, ports] of graph.networksOn(hypervisor).entries()) {
      const network = graph.networks.get(id)
      if (!network || !rules.get(network.engine)?.rules.translation) continue
      // One member that is up is enough for the whole network.
      for (const port of ports) {
        const member = graph.placement(port)
        if (!member?.vnic || member.hypervisor !== hypervisor || !member.port.adminUp) continue
        members.push(member as Member)
        break
      }
    }
    try {
      return routersOf(graph, rules, members)
    } catch (error) {
      if (!(error instanceof EngineMistake)) throw error
      return []
    }
  }

  /** A failure is logged. It does not end the connection that the packet came through. */
  #logged(member: Member, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof OpenFlowError && error.code === 'closed') return
      const words = error instanceof EngineMistake ? error.message : 'cannot ask for a next hop'
      this.#context.log.warn({ err: error, port: member.port.id }, words)
    }
  }
}

const keyOf = (hypervisor: HypervisorId, via: number, address: number): string => `${hypervisor} ${via} ${address}`
