/**
 * Watches the tunnels between hypervisors that share an overlay network, by BFD. A hypervisor watches some tunnels at a time, in
 * turn if there are more.
 *
 *   graph ─> tunnel pairs ─> chosen ─> probe ports in the OVSDB of both ends ─> verdicts ─> troubles
 */
import type { Engines } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Effects } from '../core/effects.ts'
import { sliced } from '../core/slices.ts'
import type { Subscriber } from '../core/subscribers.ts'
import { Timers } from '../core/timers.ts'
import type { Trouble } from '../core/trouble.ts'
import type { Troubles } from '../core/troubles.ts'
import type { OpenVSwitch, Tables } from '../ovsdb/index.ts'
import { type Probe, probeName, readProbes } from './probe-ports.ts'
import { choosePairs, type Pair, pairName, pairsFrom, withOwnAddresses } from './tunnel-pairs.ts'
import { TunnelVerdicts } from './tunnel-verdicts.ts'

interface Context {
  readonly graph: GraphReader
  readonly engines: Engines
  readonly troubles: Pick<Troubles, 'report'>
  /** Is the OVSDB of the hypervisor connected? */
  isJoined(id: HypervisorId): boolean
  /** Writes the ports that the hypervisor needs. */
  provision(id: HypervisorId): void
}

/** Changes within this time share a choice. */
const CHOICE_DELAY_MS = 250
/** If there are more tunnels than a hypervisor watches at a time, each is watched for this long. */
const TURN_MS = 30_000
const SOURCE = 'tunnels'

export class TunnelWatch implements Subscriber {
  readonly #context: Context
  readonly #verdicts = new TunnelVerdicts()
  readonly #timers = new Timers()
  readonly #turns: NodeJS.Timeout
  /** The tunnels that networks use, by the hypervisor with the lesser id. */
  readonly #used = new Map<HypervisorId, ReadonlyMap<string, Pair>>()
  readonly #changed = new Set<HypervisorId>()
  /** When each watched tunnel was chosen. */
  #chosen = new Map<string, { readonly pair: Pair; readonly since: number }>()
  #probes = new Map<HypervisorId, readonly Probe[]>()
  #reported: ReadonlySet<HypervisorId> = new Set()
  /** The number of choices so far. */
  #choices = 0
  /** The last choice of each tunnel, as far as it was chosen. */
  #lastChoices: ReadonlyMap<string, number> = new Map()
  /** The names of all tunnels that networks use, if their ends have addresses of their own. */
  #names: ReadonlySet<string> = new Set()
  /** Must be chosen again, though networks use the same tunnels. */
  #isOutdated = true
  #isChoiceDue = false
  #isChoosing = false
  #judgedAt = Number.POSITIVE_INFINITY

  constructor(context: Context) {
    this.#context = context
    for (const id of context.graph.hypervisors.keys()) this.#changed.add(id)
    this.#turns = setInterval(() => {
      this.#isOutdated = true
      this.#chooseSoon()
    }, TURN_MS)
    this.#turns.unref()
  }

  /** The tunnels that a hypervisor is to watch; undefined: nothing is known yet, and it keeps the ports that it has. */
  probesOf(id: HypervisorId): readonly Probe[] | undefined {
    return this.#probes.get(id)
  }

  committed({ stale, hypervisors }: Effects): void {
    for (const id of hypervisors) this.#changed.add(id)
    // The addresses of the ends may have changed.
    if (hypervisors.size > 0) this.#isOutdated = true
    for (const [id, objects] of stale) if ([...objects].some((key) => this.#isNetwork(key))) this.#changed.add(id)
    if (this.#changed.size > 0) this.#chooseSoon()
  }

  /** Only if the rules of a network itself are stale, its members may be on other hypervisors than before. */
  #isNetwork(key: Key): boolean {
    const object = this.#context.graph.byKey.get(key)
    return (
      object === undefined || (object.kind === 'network' && this.#context.graph.networks.get(object.id)?.mesh === true)
    )
  }

  /** The rows of a hypervisor have been read. */
  read(id: HypervisorId, rows: Tables<OpenVSwitch>): void {
    this.#verdicts.note(id, readProbes(rows))
    this.#judge()
  }

  joinedOrLeft(id: HypervisorId): void {
    if (!this.#context.isJoined(id)) {
      this.#verdicts.forget(id)
      this.#probes.delete(id)
    }
    this.#isOutdated = true
    this.#chooseSoon()
  }

  /** The switch of a hypervisor has connected. */
  connected(id: HypervisorId): void {
    this.#verdicts.restart(id, performance.now())
    this.#judge()
  }

  close(): void {
    clearInterval(this.#turns)
    this.#timers.clear()
  }

  #chooseSoon(): void {
    if (this.#isChoiceDue) return
    this.#isChoiceDue = true
    this.#timers.later(() => void this.#choose(), CHOICE_DELAY_MS)
  }

  async #choose(): Promise<void> {
    if (this.#isChoosing) return
    this.#isChoosing = true
    while (this.#isChoiceDue) {
      this.#isChoiceDue = false
      const isChanged = await sliced(this.#readPairs())
      if (!isChanged && !this.#isOutdated) continue
      this.#isOutdated = false
      const { graph, isJoined } = this.#context
      const used = [...this.#used.values()].flatMap((its) => [...its.values()])
      const distinct = withOwnAddresses(used, graph.hypervisors.values(), isJoined)
      this.#names = new Set(distinct.map(pairName))
      const pairs = distinct.filter((pair) => this.#canWatch(pair))
      const now = performance.now()
      const chosen = await sliced(
        choosePairs(pairs, {
          isFresh: (name) => now - (this.#chosen.get(name)?.since ?? Number.NEGATIVE_INFINITY) < TURN_MS,
          isDead: (name) => this.#verdicts.dead.has(name),
          lastChoice: (name) => this.#lastChoices.get(name) ?? 0,
        }),
      )
      this.#noteChoice(pairs, chosen)
      this.#chosen = new Map(
        chosen.map((pair) => [pairName(pair), { pair, since: this.#sinceOf(pairName(pair), now) }] as const),
      )
      this.#provision()
      this.#judge()
    }
    this.#isChoosing = false
  }

  #noteChoice(pairs: readonly Pair[], chosen: readonly Pair[]): void {
    this.#choices += 1
    const last = new Map<string, number>()
    for (const name of pairs.map(pairName)) last.set(name, this.#lastChoices.get(name) ?? 0)
    for (const name of chosen.map(pairName)) last.set(name, this.#choices)
    this.#lastChoices = last
  }

  /** A tunnel that stays watched though its turn is over begins a new turn, so that others can have its place only then. */
  #sinceOf(name: string, now: number): number {
    const since = this.#chosen.get(name)?.since ?? Number.NEGATIVE_INFINITY
    return now - since < TURN_MS ? since : now
  }

  /** @returns whether networks use other tunnels than before */
  *#readPairs(): Generator<void, boolean> {
    const { graph, engines } = this.#context
    const changed = new Set(this.#changed)
    this.#changed.clear()
    let isChanged = false
    for (const id of changed) {
      const pairs = pairsFrom(graph, engines, id)
      const before = this.#used.get(id)
      isChanged ||= pairs.size !== (before?.size ?? 0) || [...pairs.keys()].some((name) => !before?.has(name))
      if (pairs.size > 0) this.#used.set(id, pairs)
      else this.#used.delete(id)
      yield
    }
    return isChanged
  }

  /** Both ends get a port. One whose peer is away keeps watching, but does not begin. */
  #canWatch(pair: Pair): boolean {
    const { isJoined } = this.#context
    const [one, other] = [isJoined(pair.one), isJoined(pair.other)]
    if (one && other) return true
    return (
      (one && this.#verdicts.isWatchedAt(pair.one, pair)) || (other && this.#verdicts.isWatchedAt(pair.other, pair))
    )
  }

  #provision(): void {
    const { graph, isJoined, provision } = this.#context
    const probes = new Map<HypervisorId, Probe[]>()
    for (const id of graph.hypervisors.keys()) if (isJoined(id)) probes.set(id, [])
    for (const { pair } of this.#chosen.values()) {
      const [one, other] = [graph.hypervisors.get(pair.one), graph.hypervisors.get(pair.other)]
      if (!one?.encapIp || !other?.encapIp) continue
      const { role } = pair
      probes.get(one.id)?.push({ role, peer: other.id, localIp: one.encapIp, remoteIp: other.encapIp })
      probes.get(other.id)?.push({ role, peer: one.id, localIp: other.encapIp, remoteIp: one.encapIp })
    }
    const before = this.#probes
    this.#probes = probes
    for (const [id, its] of probes) if (textOf(its) !== textOf(before.get(id))) provision(id)
  }

  #judge(): void {
    const now = performance.now()
    const again = this.#verdicts.judge(
      [...this.#chosen.values()].map(({ pair }) => pair),
      this.#names,
      now,
    )
    if (again !== undefined && (again < this.#judgedAt || this.#judgedAt <= now)) {
      this.#judgedAt = again
      this.#timers.later(() => this.#judge(), again - now)
    }
    this.#report()
  }

  #report(): void {
    const { graph, troubles } = this.#context
    const found = new Map<HypervisorId, Trouble[]>()
    for (const { one, other, role } of this.#verdicts.dead.values()) {
      for (const [id, peer] of [
        [one, other],
        [other, one],
      ] as const) {
        const [here, there] = [graph.hypervisors.get(id)?.encapIp, graph.hypervisors.get(peer)?.encapIp]
        found.set(id, [...(found.get(id) ?? []), dead(role, peer, `${here}`, `${there}`)])
      }
    }
    for (const id of this.#reported) if (!found.has(id)) troubles.report(SOURCE, id, [])
    for (const [id, its] of found) troubles.report(SOURCE, id, its)
    this.#reported = new Set(found.keys())
  }
}

const textOf = (probes: readonly Probe[] | undefined): string =>
  probes === undefined
    ? 'none'
    : probes
        .map((probe) => `${probeName(probe)} ${probe.localIp} ${probe.remoteIp}`)
        .sort()
        .join()

/** What a firewall must let pass, by the type of the tunnel. */
const TRANSPORT: Readonly<Record<string, string>> = { vxlan: 'UDP port 4789', geneve: 'UDP port 6081' }

function dead(role: string, peer: HypervisorId, here: string, there: string): Trouble {
  const type = role.slice(role.indexOf(':') + 1)
  const transport = TRANSPORT[type] ?? `the packets of ${type}`
  return {
    code: 'tunnel-down',
    message: `no packet passes the ${type} tunnel to hypervisor ${peer} (BFD between ${here} and ${there} is down): let ${transport} pass both ways, and check that an interface of each host has its address`,
    severity: 'error',
    stopped: { kind: 'peer', role, peer },
  }
}
