/** Turns nodes and their standings into the resources that the API shows, by the tables of their fields. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { VnicId } from '../../topology/ids.ts'
import type { Network, Port, Vnic } from '../../topology/model.ts'
import type { Engine } from './engine/engine.ts'
import { show } from './resources/field-table.ts'
import { unsaid } from './resources/network-fields.ts'
import type { Tables } from './resources/tables.ts'
import type { PortStanding, Standing, Standings } from './standing.ts'
import type { GuardDropsView, NetworkView, PortView, VnicView } from './views.ts'

export class Presenter {
  readonly #graph: GraphReader
  readonly #standings: Standings
  readonly #engines: ReadonlyMap<string, Engine>
  readonly #tables: Tables
  readonly #guardDrops: (id: VnicId) => GuardDropsView | null

  /** @param guardDrops what the guard of a VNIC has dropped */
  constructor(
    graph: GraphReader,
    standings: Standings,
    engines: ReadonlyMap<string, Engine>,
    tables: Tables,
    guardDrops: (id: VnicId) => GuardDropsView | null,
  ) {
    this.#graph = graph
    this.#standings = standings
    this.#engines = engines
    this.#tables = tables
    this.#guardDrops = guardDrops
  }

  /** A presenter for another state of the graph. */
  as(graph: GraphReader, standings: Standings): Presenter {
    return new Presenter(graph, standings, this.#engines, this.#tables, this.#guardDrops)
  }

  vnic(vnic: Vnic, standing: Standing = this.#standings.vnic(vnic.id)): VnicView {
    return show(this.#tables.vnic, vnic, {
      graph: this.#graph,
      standing,
      guardDrops: this.#guardDrops(vnic.id),
    }) as VnicView
  }

  port(port: Port, standing: PortStanding = this.#standings.port(port.id)): PortView {
    return show(this.#tables.port, port, { graph: this.#graph, engines: this.#engines, standing }) as PortView
  }

  network(network: Network): NetworkView {
    const [graph, engines] = [this.#graph, this.#engines]
    const standing = this.#standings.network(network.id)
    const node = { ...network, attributes: unsaid(network, engines) }
    return show(this.#tables.network, node, { graph, engines, standing }) as NetworkView
  }
}
