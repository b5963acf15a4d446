/** What operators see and do: hypervisors, their conditions, the rules wanted and found there, taking one out of service. */
import { compile, type Engines, faultOf, objectsOn } from '../../../flows/compile.ts'
import { EngineMistake } from '../../../flows/engines/checked.ts'
import type { Domain } from '../../../flows/engines/engine-rules.ts'
import { authorOf } from '../../../flows/pipeline/cookie.ts'
import type { Rule } from '../../../flows/pipeline/rule.ts'
import { meterOf, metersIn } from '../../../flows/pipeline/vnic-meter.ts'
import type { Graph } from '../../../topology/graph.ts'
import type { HypervisorId, Key, NetworkId, PortId, VnicId } from '../../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../../topology/model.ts'
import type { HypervisorSync } from '../../hypervisors/sync.ts'
import { type Flow, type Meter, printFlow, printMeter, ruleBody, ruleKey } from '../../openflow/index.ts'
import type { ConnectedSwitches } from '../connected-switches.ts'
import type { Condition } from '../engine/engine.ts'
import { PlugboardError } from '../errors.ts'
import type { Journal } from '../journal.ts'
import { sliced } from '../slices.ts'
import type { FlowsView, FlowView, HypervisorView, Listed } from '../views.ts'
import { callOffAll } from './migration.ts'
import { released } from './segments.ts'

interface Context {
  readonly graph: Graph
  readonly engines: Engines
  readonly journal: Journal
  readonly switches: ConnectedSwitches
  readonly hosts: HypervisorSync
}

export interface FlowFilter {
  readonly vnicId?: string
  readonly portId?: string
  readonly networkId?: string
}

export class Hypervisors {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  *list(): Generator<Listed<Promise<HypervisorView>>> {
    const all = [...this.#context.graph.hypervisors.values()].sort((a, b) => a.key - b.key)
    for (const hypervisor of all) yield { key: hypervisor.key, view: () => this.#view(hypervisor) }
  }

  async show(id: HypervisorId): Promise<HypervisorView> {
    return this.#view(this.#find(id))
  }

  /** Its bindings go, and what it held is free: whoever removes it answers for its rules being gone. */
  async remove(id: HypervisorId): Promise<void> {
    await this.#context.journal.write((draft) => {
      this.#find(id)
      const { switches, hosts } = this.#context
      if (switches.get(id) || hosts.connected(id)) {
        throw new PlugboardError(
          'hypervisor-connected',
          `hypervisor ${id} is connected: stop it, or take its manager away (ovs-vsctl del-manager), first`,
        )
      }
      const { graph } = draft
      for (const vnic of [...graph.vnicsOnHypervisor.get(id)]) draft.change({ kind: 'binding', id: vnic, to: null })
      callOffAll(draft, id)
      for (const segmentId of [...graph.segmentsHeldBy.get(id)]) {
        const segment = graph.segments.get(segmentId)
        if (segment) draft.change({ kind: 'segment', id: segmentId, to: released(segment, id) })
      }
      draft.change({ kind: 'hypervisor', id, to: null })
    })
    this.#context.hosts.forget(id)
    this.#context.switches.forget(id)
  }

  /** What a hypervisor still has of a VNIC that has gone elsewhere. */
  leftOf(vnic: VnicId, id: HypervisorId): Binding | undefined {
    return this.#context.hosts.leftOf(vnic, id)
  }

  async flows(id: HypervisorId, filter: FlowFilter, actual: boolean): Promise<FlowsView> {
    const { graph, engines, switches } = this.#context
    this.#find(id)
    const objects = this.#objects(filter)
    const wanted = await sliced(compileWanted(graph, engines, id, objects))
    const flows = wanted.map(show)
    const meters = showMeters(wanted.flatMap((rule) => rule.meters.map(meterOf)))
    if (!actual) return { flows, meters }
    const connected = switches.get(id)
    if (!connected) {
      throw new PlugboardError(
        'unavailable',
        `hypervisor ${id} is not connected, so its rules cannot be read: leave "actual" out`,
      )
    }
    const found: Flow[] = []
    for await (const some of connected.dumpFlows()) found.push(...some)
    const mine = objects === null ? found : found.filter((flow) => objects.has(authorOf(flow.cookie) ?? (0 as Key)))
    const used = new Set([...wanted, ...mine].flatMap(metersIn))
    const there = (await connected.dumpMeters()).filter(({ meter }) => objects === null || used.has(meter))
    return { flows, meters, ...compareFlows(wanted, mine), actual_meters: showMeters(there) }
  }

  /** The objects whose rules are asked for; null: all. */
  #objects({ vnicId, portId, networkId }: FlowFilter): ReadonlySet<Key> | null {
    const { graph } = this.#context
    if (vnicId === undefined && portId === undefined && networkId === undefined) return null
    const keys = new Set<Key>()
    const add = (object: { readonly key: Key } | undefined, what: string, id: string, field: string) => {
      if (!object) throw new PlugboardError('not-found', `there is no ${what} ${id}`, { field })
      keys.add(object.key)
    }
    if (vnicId !== undefined) {
      const vnic = graph.vnics.get(vnicId as VnicId)
      add(vnic, 'VNIC', vnicId, 'vnic_id')
      for (const id of vnic ? graph.portsOf(vnic) : []) {
        const key = graph.ports.get(id)?.key
        if (key !== undefined) keys.add(key)
      }
    }
    if (portId !== undefined) add(graph.ports.get(portId as PortId), 'port', portId, 'port_id')
    if (networkId !== undefined) {
      add(graph.networks.get(networkId as NetworkId), 'network', networkId, 'network_id')
      for (const port of graph.portsOfNetwork.get(networkId as NetworkId)) {
        const key = graph.ports.get(port)?.key
        if (key !== undefined) keys.add(key)
      }
    }
    return keys
  }

  async #view(hypervisor: Hypervisor): Promise<HypervisorView> {
    const { switches, hosts } = this.#context
    const connected = switches.get(hypervisor.id)
    const [refusal] = connected?.refused.values() ?? []
    return {
      id: hypervisor.id,
      hostname: hypervisor.hostname,
      openflow_connected: connected !== undefined,
      ovsdb_connected: hosts.connected(hypervisor.id),
      openflow_version: connected ? (VERSIONS[connected.version] ?? null) : null,
      ovs_version: hypervisor.ovsVersion,
      datapath_id: hypervisor.datapathId,
      bridge_mappings: hypervisor.bridgeMappings,
      encap_ip: hypervisor.encapIp,
      rules: connected?.rules ?? (await sliced(this.#count(hypervisor.id))),
      backlog: connected?.backlog ?? 0,
      last_error: refusal ?? switches.lastError.get(hypervisor.id) ?? hosts.lastError(hypervisor.id),
      conditions: [...hosts.conditions(hypervisor.id), ...this.#faults(hypervisor)],
    }
  }

  /** Why networks that have members there, and ports on their own, cannot work there, each reason once. */
  #faults(hypervisor: Hypervisor): Condition[] {
    const { graph, engines } = this.#context
    const faults = new Map<string, Condition>()
    for (const domain of domainsOn(graph, hypervisor.id)) {
      const fault = faultOf(engines, domain, hypervisor)
      if (fault) faults.set(fault.message, { code: fault.code, message: fault.message })
    }
    return [...faults.values()]
  }

  /** A switch that is away: what would be wanted there. */
  *#count(id: HypervisorId): Generator<void, number> {
    const { graph, engines } = this.#context
    let rules = 0
    for (const object of objectsOn(graph, id)) {
      rules += wantedOf(graph, engines, id, object).length
      yield
    }
    return rules
  }

  #find(id: HypervisorId): Hypervisor {
    const hypervisor = this.#context.graph.hypervisors.get(id)
    if (!hypervisor) throw new PlugboardError('not-found', `there is no hypervisor ${id}`)
    return hypervisor
  }
}

/** Wire versions in words. */
const VERSIONS: Readonly<Record<number, string>> = { 4: '1.3', 5: '1.4', 6: '1.5' }

/** What has a place on a hypervisor and is kept apart from all else. */
function* domainsOn(graph: Graph, id: HypervisorId): Generator<Domain> {
  for (const network of graph.networksOn(id).keys()) {
    const found = graph.networks.get(network)
    if (found) yield found
  }
  for (const port of graph.portsOn.get(id)) {
    const found = graph.ports.get(port)
    if (found?.networkId === null) yield found
  }
}

/** An object whose engine makes a mistake wants nothing that could be shown; its VNIC says why. */
function wantedOf(graph: Graph, engines: Engines, id: HypervisorId, object: Key): Rule[] {
  try {
    return compile(graph, engines, id, object)
  } catch (error) {
    if (error instanceof EngineMistake) return []
    throw error
  }
}

function* compileWanted(
  graph: Graph,
  engines: Engines,
  id: HypervisorId,
  objects: ReadonlySet<Key> | null,
): Generator<void, Rule[]> {
  const rules: Rule[] = []
  for (const object of objectsOn(graph, id)) {
    if (objects && !objects.has(object)) continue
    rules.push(...wantedOf(graph, engines, id, object))
    yield
  }
  return rules.sort((a, b) => a.table - b.table || b.priority - a.priority || a.author - b.author)
}

function compareFlows(
  wanted: readonly Rule[],
  found: readonly Flow[],
): Pick<Required<FlowsView>, 'actual' | 'missing' | 'extra'> {
  const identity = (flow: Flow): string => `${ruleKey(flow)} ${flow.cookie} ${ruleBody(flow)}`
  const there = new Set(found.map(identity))
  const want = new Set(wanted.map(identity))
  return {
    actual: found.map((flow) => ({ flow: printFlow(flow) })),
    missing: wanted.filter((rule) => !there.has(identity(rule))).map(show),
    extra: found.filter((flow) => !want.has(identity(flow))).map((flow) => ({ flow: printFlow(flow) })),
  }
}

/** A line each, whichever rules use it. */
const showMeters = (meters: readonly Meter[]): string[] =>
  [...new Set(meters.map((meter) => printMeter(meter).replaceAll('\n', ' ')))].sort()

const show = (rule: Rule): FlowView => ({ flow: printFlow(rule), why: rule.why })
