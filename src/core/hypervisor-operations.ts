/** The operations on hypervisors, for operators. */
import type { Engines } from '../../flows/compile.ts'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { unmetered } from '../../flows/pipeline/rule.ts'
import { METERS_PER_VNIC, meterOf, metersIn } from '../../flows/pipeline/vnic-meter.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import { type Flow, printFlow, versionName } from '../openflow/index.ts'
import { compareFlows, showMeters, showRule } from './compare-flows.ts'
import type { ConnectedSwitch, ConnectedSwitches } from './connected-switches.ts'
import { PlugboardError } from './errors.ts'
import { countExpectedRules, expectedRules } from './expected-flows.ts'
import { type FlowFilter, objectsOf } from './flow-filter.ts'
import type { JoinedHosts } from './joined-hosts.ts'
import type { Journal } from './journal.ts'
import { findHypervisor, removeHypervisor } from './resources/hypervisor.ts'
import type { ConditionView, FlowsView, HeldView, HypervisorView, Listed } from './views.ts'

/** More are only counted. */
const MAX_HELD_SHOWN = 1_000

export interface HypervisorContext {
  readonly journal: Journal
  readonly rules: Engines
  readonly switches: ConnectedSwitches
  readonly hosts: JoinedHosts
  conditionsOf(hypervisor: HypervisorId): readonly ConditionView[]
}

export class HypervisorOperations {
  readonly #context: HypervisorContext

  constructor(context: HypervisorContext) {
    this.#context = context
  }

  /** Lists the hypervisors in the order in which they first joined, then connected hosts that are not touched. */
  *list(): Generator<Listed<Promise<HypervisorView>>> {
    const { journal, hosts } = this.#context
    const known = journal.graph.hypervisors
    const foreign = [...hosts.reception.foreign()].filter(({ id }) => !known.has(id))
    for (const hypervisor of [...known.values(), ...foreign].sort((a, b) => a.key - b.key)) {
      yield { key: hypervisor.key, view: () => this.#view(hypervisor) }
    }
  }

  /** @throws PlugboardError `not-found` */
  async show(id: HypervisorId): Promise<HypervisorView> {
    return this.#view(this.#find(id))
  }

  /**
   * Serves a connected host that was not touched, because it may belong to another store. A host that is served already stays so.
   * @throws PlugboardError `not-found`; `unavailable` if its host is not connected
   */
  async adopt(id: HypervisorId): Promise<HypervisorView> {
    const { journal, hosts } = this.#context
    const found = this.#find(id)
    if (!(await hosts.reception.adopt(id)) && !hosts.connected(id)) {
      throw new PlugboardError('unavailable', `hypervisor ${id} is not connected: adopt it when it is`)
    }
    // Its state may not be in the graph yet.
    return this.#view(journal.graph.hypervisors.get(id) ?? found)
  }

  /** The rules that are held on the hypervisor's switch after a restore. @throws PlugboardError `not-found` */
  held(id: HypervisorId): HeldView {
    this.#find(id)
    const held = this.#context.switches.get(id)?.held ?? []
    const shown = held.slice(0, MAX_HELD_SHOWN)
    return {
      held: shown.map(({ flow, vnic }) => ({ flow: printFlow(flow), vnic_id: vnic() })),
      total: held.length,
    }
  }

  /**
   * Takes the held rules away.
   * @returns resolves when the switch has confirmed, or its connection has ended
   * @throws PlugboardError `not-found`, also if no rules are held
   */
  release(id: HypervisorId): Promise<void> {
    this.#find(id)
    const connected = this.#context.switches.get(id)
    if (!connected || connected.held.length === 0) {
      throw new PlugboardError('not-found', `no rules are held on hypervisor ${id}`)
    }
    this.#context.hosts.reviewed(id)
    return connected.comparedAgain()
  }

  /** Removes a hypervisor that is not connected. @throws PlugboardError `not-found`, `hypervisor-connected` */
  async remove(id: HypervisorId): Promise<void> {
    const { journal, switches, hosts } = this.#context
    await journal.write((draft) => {
      if (switches.get(id) || hosts.connected(id) || hosts.reception.view(id)) {
        throw new PlugboardError(
          'hypervisor-connected',
          `hypervisor ${id} is connected: stop it, or take its manager away (ovs-vsctl del-manager), first`,
        )
      }
      findHypervisor(draft.graph, id)
      removeHypervisor(draft, id)
    })
    this.forget(id)
  }

  /** Called when a hypervisor was removed. */
  forget(id: HypervisorId): void {
    const { switches, hosts } = this.#context
    hosts.forget(id)
    switches.forget(id)
  }

  /**
   * Shows the rules that the hypervisor should have.
   * @param isActual also read the flows of the switch, and compare
   * @throws PlugboardError `not-found`; `unavailable` if the switch must be read and is not connected
   */
  async flows(id: HypervisorId, filter: FlowFilter, isActual: boolean): Promise<FlowsView> {
    const { journal, rules: engines, switches } = this.#context
    const { graph } = journal
    findHypervisor(graph, id)
    const objects = objectsOf(graph, filter)
    const connected = switches.get(id)
    const compiled = await expectedRules(graph, engines, id, objects)
    const rules = connected?.hasMeters === false ? compiled.map(unmetered) : compiled
    const flows = rules.map(showRule)
    // The meters that all VNICs share belong to none of these objects.
    const isTheirs = (meter: number) => objects === null || meter >= METERS_PER_VNIC
    const meters = showMeters(rules.flatMap((rule) => rule.meters.filter(({ id }) => isTheirs(id)).map(meterOf)))
    if (!isActual) return { flows, meters }
    if (!connected) {
      throw new PlugboardError(
        'unavailable',
        `hypervisor ${id} is not connected, so its rules cannot be read: leave "actual" out`,
      )
    }
    const actual = await flowsOf(connected, objects)
    const used = new Set([...rules, ...actual].flatMap(metersIn))
    const isShown = (meter: number) => isTheirs(meter) && (objects === null || used.has(meter))
    const found = (await connected.dumpMeters()).filter(({ meter }) => isShown(meter))
    return { flows, meters, ...compareFlows(rules, actual), actual_meters: showMeters(found) }
  }

  /** @throws PlugboardError `not-found` */
  #find(id: HypervisorId): Hypervisor {
    const { journal, hosts } = this.#context
    return hosts.reception.view(id) ?? findHypervisor(journal.graph, id)
  }

  async #view(hypervisor: Hypervisor): Promise<HypervisorView> {
    const { journal, rules: engines, switches, hosts, conditionsOf } = this.#context
    const { id } = hypervisor
    const connected = switches.get(id)
    const [refusal] = connected?.refused.values() ?? []
    return {
      id,
      hostname: hypervisor.hostname,
      openflow_connected: connected !== undefined,
      ovsdb_connected: hosts.connected(id) || hosts.reception.view(id) !== undefined,
      openflow_version: connected ? versionName(connected.version).replace('OpenFlow ', '') : null,
      ovs_version: hypervisor.ovsVersion,
      datapath_id: hypervisor.datapathId,
      bridge_mappings: hypervisor.bridgeMappings,
      encap_ip: hypervisor.encapIp,
      rules: connected?.rules ?? (await countExpectedRules(journal.graph, engines, id)),
      backlog: connected?.backlog ?? 0,
      last_error: refusal ?? switches.lastError.get(id) ?? hosts.lastError(id),
      conditions: conditionsOf(id),
    }
  }
}

/** @param objects the objects whose flows to return; null: all flows, also those that belong to no object */
async function flowsOf(connected: ConnectedSwitch, objects: ReadonlySet<Key> | null): Promise<Flow[]> {
  const found: Flow[] = []
  for await (const part of connected.dumpFlows()) {
    for (const flow of part) {
      const author = authorOf(flow.cookie)
      if (objects === null || (author !== undefined && objects.has(author))) found.push(flow)
    }
  }
  return found
}
