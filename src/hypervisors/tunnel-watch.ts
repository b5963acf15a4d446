/**
 * Watches the tunnels between hypervisors that share an overlay network, by BFD. A hypervisor watches some tunnels at a time, in
 * turn if there are more.
 *
 *   graph ─> chosen pairs ─> probe ports in the OVSDB of both ends ─> verdicts ─> troubles
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
import { choosePairs, type End, endsOf, type IsAlone, isUsed, type Pair, withOwnAddress } from './tunnel-pairs.ts'
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
/** So choices take at most a tenth of the time, however large the cloud is. */
const REST_AFTER_WORK = 9
/** What hosts say within this time is judged together. */
const JUDGEMENT_DELAY_MS = 100
/** If there are more tunnels than a hypervisor watches at a time, others come first after this time. */
const TURN_MS = 30_000
/** A tunnel is watched at least for this long. */
const MIN_WATCH_MS = 20_000
const SOURCE = 'tunnels'

interface Chosen {
  readonly pair: Pair
  readonly since: number
}

export class TunnelWatch implements Subscriber {
  readonly #context: Context
  readonly #verdicts = new TunnelVerdicts()
  readonly #timers = new Timers()
  readonly #judgeSoon = this.#timers.shared(() => this.#judge(), JUDGEMENT_DELAY_MS)
  readonly #turns: NodeJS.Timeout
  /** The watched tunnels by name. */
  #chosen: ReadonlyMap<string, Chosen> = new Map()
  #probes = new Map<HypervisorId, readonly Probe[]>()
  #reported: ReadonlySet<HypervisorId> = new Set()
  #turn = 0
  #isChoiceDue = false
  /** A choice is under way, or will begin after its delay. */
  #isChoosing = false
  /** When the verdicts may change without news; infinity: not. */
  #judgesAt = Number.POSITIVE_INFINITY

  constructor(context: Context) {
    this.#context = context
    this.#turns = setInterval(() => {
      this.#turn += 1
      this.#chooseSoon()
    }, TURN_MS)
    this.#turns.unref()
    this.#chooseSoon()
  }

  /** The tunnels that a hypervisor is to watch; undefined: nothing is known yet, and it keeps the ports that it has. */
  probesOf(id: HypervisorId): readonly Probe[] | undefined {
    return this.#probes.get(id)
  }

  committed({ stale, hypervisors }: Effects): void {
    const areMembersStale = [...stale.values()].some((objects) => [...objects].some((key) => this.#isNetwork(key)))
    if (hypervisors.size > 0 || areMembersStale) this.#chooseSoon()
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
    this.#judgeSoon()
  }

  joinedOrLeft(id: HypervisorId): void {
    if (!this.#context.isJoined(id)) {
      this.#verdicts.forget(id)
      this.#probes.delete(id)
    }
    this.#chooseSoon()
  }

  /** The switch of a hypervisor has connected. */
  connected(id: HypervisorId): void {
    this.#verdicts.restart(id, performance.now())
    this.#judgeSoon()
  }

  close(): void {
    clearInterval(this.#turns)
    this.#timers.clear()
  }

  #chooseSoon(afterMs = 0): void {
    this.#isChoiceDue = true
    if (this.#isChoosing) return
    this.#isChoosing = true
    this.#timers.later(() => void this.#choose(), Math.max(CHOICE_DELAY_MS, afterMs))
  }

  async #choose(): Promise<void> {
    this.#isChoiceDue = false
    const begin = performance.now()
    await sliced(this.#choice(begin))
    this.#judge()
    this.#isChoosing = false
    if (this.#isChoiceDue) this.#chooseSoon((performance.now() - begin) * REST_AFTER_WORK)
  }

  *#choice(now: number): Generator<void> {
    const { graph, engines, isJoined } = this.#context
    const isAlone = withOwnAddress(graph.hypervisors.values(), isJoined)
    const isNeeded = (pair: Pair) => isUsed(graph, engines, isAlone, pair)
    yield* this.#verdicts.forgetOthers(isNeeded)
    const isFresh = ({ since }: Chosen) => now - since < MIN_WATCH_MS
    const chosen = yield* choosePairs(this.#meshes(isAlone), {
      fresh: this.#chosenSo((each) => isFresh(each) && isNeeded(each.pair)),
      dead: this.#verdicts.dead.values(),
      turn: this.#turn,
      canWatch: (pair) => this.#canWatch(pair),
    })
    this.#verdicts.putLast(chosen)
    const noted = (name: string, pair: Pair): Chosen => {
      const before = this.#chosen.get(name)
      return before && isFresh(before) ? before : { pair, since: now }
    }
    this.#chosen = new Map([...chosen].map(([name, pair]) => [name, noted(name, pair)] as const))
    yield
    yield* this.#provision()
  }

  /** One at a time, so that the work of `isIncluded` is sliced. */
  *#chosenSo(isIncluded: (chosen: Chosen) => boolean): Generator<Pair> {
    for (const chosen of this.#chosen.values()) if (isIncluded(chosen)) yield chosen.pair
  }

  /** In random order, so that of many small networks of a hypervisor none always comes last. */
  *#meshes(isAlone: IsAlone): Generator<readonly End[]> {
    const { graph, engines } = this.#context
    const networks = [...graph.networks.values()].filter(({ mesh }) => mesh)
    for (let left = networks.length; left > 0; left--) {
      const at = Math.floor(Math.random() * left)
      const [network, last] = [networks[at], networks[left - 1]]
      if (network) yield endsOf(graph, engines, network, isAlone)
      if (last) networks[at] = last
    }
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

  *#provision(): Generator<void> {
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
    for (const [id, its] of probes) {
      yield
      if (textOf(its) !== textOf(before.get(id))) provision(id)
    }
  }

  #judge(): void {
    const now = performance.now()
    const again = this.#verdicts.judge(
      [...this.#chosen.values()].map(({ pair }) => pair),
      now,
    )
    if (again !== undefined && (again < this.#judgesAt || this.#judgesAt <= now)) {
      this.#judgesAt = again
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
