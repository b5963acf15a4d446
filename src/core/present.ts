/** Nodes and their standing -> the resources as the API shows them. */
import type { Graph } from '../../topology/graph.ts'
import type { Attributes, Network, Port, Vnic } from '../../topology/model.ts'
import { showRateLimit } from '../features/rate-limit/rate-limit.ts'
import { showTrunk } from '../features/trunk/trunk.ts'
import type { Engine } from './engine/engine.ts'
import type { MigrationStanding, PortStanding, Standing, Standings } from './realisation.ts'
import type { BindingView, MigrationView, NetworkView, PortView, VnicView } from './views.ts'

export class Presenter {
  readonly #graph: Graph
  readonly #standings: Standings
  readonly #engines: ReadonlyMap<string, Engine>

  constructor(graph: Graph, standings: Standings, engines: ReadonlyMap<string, Engine>) {
    this.#graph = graph
    this.#standings = standings
    this.#engines = engines
  }

  vnic(vnic: Vnic, { status, detail, migration }: Standing = this.#standings.vnic(vnic.id)): VnicView {
    return {
      id: vnic.id,
      project: vnic.project,
      vm_id: vnic.vmId,
      name: vnic.name,
      kind: vnic.kind,
      ...vnic.attributes,
      port_id: vnic.portId,
      status,
      ...(detail === undefined ? {} : { status_detail: detail }),
      binding: this.#binding(vnic),
      migration: migration ? migrationView(migration) : null,
      revision: vnic.revision,
      created_at: vnic.createdAt,
    }
  }

  port(port: Port, { status, detail }: PortStanding = this.#standings.port(port.id)): PortView {
    return {
      id: port.id,
      project: port.project,
      name: port.name,
      engine: port.engine,
      network_id: port.networkId,
      ...port.attributes,
      vnic_id: this.#graph.vnicOf(port.id)?.id ?? null,
      admin_state_up: port.adminUp,
      rate_limit: showRateLimit(port.rateLimit),
      ...showTrunk(this.#graph, this.#engines, port),
      status,
      ...(detail === undefined ? {} : { status_detail: detail }),
      revision: port.revision,
      created_at: port.createdAt,
    }
  }

  network(network: Network): NetworkView {
    const { status, detail } = this.#standings.network(network.id)
    return {
      id: network.id,
      project: network.project,
      name: network.name,
      engine: network.engine,
      segment: network.segment,
      ...this.#unsaid(network),
      ...network.attributes,
      mtu: this.#engines.get(network.engine)?.networks?.mtu(this.#graph) ?? 0,
      shared: network.shared,
      status,
      ...(detail === undefined ? {} : { status_detail: detail }),
      revision: network.revision,
      created_at: network.createdAt,
    }
  }

  /** Its engine's fields, for one that was made without them. */
  #unsaid({ engine }: Network): Attributes {
    const fields = this.#engines.get(engine)?.networks?.fields
    return Object.fromEntries(Object.keys(fields?.properties ?? {}).map((name) => [name, null]))
  }

  #binding({ id }: Vnic): BindingView | null {
    const binding = this.#graph.bindings.get(id)
    if (!binding) return null
    return {
      hypervisor: binding.hypervisor,
      bridge: binding.bridge,
      interface: binding.interface,
      ofport: binding.ofport,
    }
  }
}

const migrationView = ({ detail, ...known }: MigrationStanding): MigrationView => ({
  ...known,
  ...(detail === undefined ? {} : { status_detail: detail }),
})
