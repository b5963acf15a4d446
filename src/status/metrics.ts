/** The metrics of the controller, in the terms of Prometheus. `src/http` exposes them. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Journal } from '../core/journal.ts'
import type { Metric, Sample } from '../core/metric.ts'
import { sliced } from '../core/slices.ts'
import type { Standings } from '../core/standing.ts'
import type { ConditionView } from '../core/views.ts'
import type { HypervisorSync } from '../hypervisors/sync.ts'
import type { Fleet } from '../switches/fleet.ts'

interface Context {
  readonly graph: GraphReader
  readonly status: Standings
  readonly fleet: Fleet
  readonly hosts: HypervisorSync
  readonly journal: Journal
  readonly conditions: { of(hypervisor: HypervisorId): readonly ConditionView[] }
  /** The number of packets that switches sent to the controller, by outcome. */
  readonly packets: Readonly<Record<string, number>>
}

function* countStatuses(graph: GraphReader, standings: Standings): Generator<void, Map<string, number>> {
  const statuses = new Map<string, number>()
  for (const id of graph.vnics.keys()) {
    const { status } = standings.vnic(id)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    yield
  }
  return statuses
}

/** The number of conditions, by code and severity. Each hypervisor may have several of a code. */
function* countConditions({ graph, conditions }: Pick<Context, 'graph' | 'conditions'>): Generator<void, Sample[]> {
  const samples = new Map<string, Sample>()
  for (const id of [...graph.hypervisors.keys()]) {
    for (const { code, severity } of conditions.of(id)) {
      const name = `${code} ${severity}`
      samples.set(name, { labels: { code, severity }, value: (samples.get(name)?.value ?? 0) + 1 })
    }
    yield
  }
  return [...samples.values()]
}

/** The sessions of hypervisors that are known, and of switches that no hypervisor has reported yet. */
function sessionsOf({ fleet, hosts }: Pick<Context, 'fleet' | 'hosts'>): Sample[] {
  const switches = [...fleet.entries()].map(([, { ready }]) => ready)
  const ready = switches.filter(Boolean).length
  const counts = {
    openflow: { ready, comparing: switches.length - ready, unknown: fleet.strangers },
    ovsdb: { joined: hosts.size, spare: hosts.spares },
  }
  return Object.entries(counts).flatMap(([protocol, states]) =>
    Object.entries(states).map(([state, value]) => ({ labels: { protocol, state }, value })),
  )
}

const one = (value: number): Sample[] => [{ labels: {}, value }]

export async function metricsOf(context: Context): Promise<Metric[]> {
  const { graph, status, fleet, hosts, journal, packets } = context
  const switches = [...fleet.entries()]
  const ofEach = (value: (here: (typeof switches)[number][1]) => number): Sample[] =>
    switches.map(([hypervisor, here]) => ({ labels: { hypervisor }, value: value(here) }))
  const statuses = await sliced(countStatuses(graph, status))
  const conditions = await sliced(countConditions(context))
  return [
    gauge('plugboard_networks', 'Logical networks.', one(graph.networks.size)),
    gauge('plugboard_ports', 'Ports.', one(graph.ports.size)),
    gauge(
      'plugboard_vnics',
      'VNICs by status.',
      [...statuses].map(([status, value]) => ({ labels: { status }, value })),
    ),
    gauge('plugboard_conditions', 'Conditions of hypervisors by code and severity.', conditions),
    gauge('plugboard_hypervisors', 'Hypervisors that are known.', one(graph.hypervisors.size)),
    gauge('plugboard_hypervisors_ovsdb_connected', 'Hypervisors whose OVSDB is connected.', one(hosts.size)),
    gauge('plugboard_switches_connected', 'Hypervisors whose switch is connected.', one(switches.length)),
    gauge(
      'plugboard_switches_unknown',
      'OpenFlow connections whose datapath id no hypervisor has.',
      one(fleet.strangers),
    ),
    gauge(
      'plugboard_sessions',
      'Sessions with switches (openflow) and hosts (ovsdb) by state. A switch is ready when its rules have been compared.',
      sessionsOf(context),
    ),
    gauge(
      'plugboard_rules',
      'Rules wanted on a connected switch.',
      ofEach((here) => here.rules),
    ),
    gauge(
      'plugboard_rules_actual',
      'Rules of Plugboard that a connected switch has, as far as is known.',
      ofEach((here) => here.present),
    ),
    gauge(
      'plugboard_backlog',
      'Objects that are stale on a connected switch.',
      ofEach((here) => here.backlog),
    ),
    gauge(
      'plugboard_refused',
      'Objects whose rules a switch refuses.',
      ofEach((here) => here.refused.size),
    ),
    counter(
      'plugboard_rules_sent_total',
      'Rules added or deleted on a switch since it connected.',
      ofEach((here) => here.sent),
    ),
    counter(
      'plugboard_hosts_refused_total',
      'Connections of hosts that were refused: they have no system-id, or that of another host.',
      one(hosts.refusals),
    ),
    counter(
      'plugboard_questions_total',
      'Frames that guests had for the controller, such as DHCP, by what became of them.',
      Object.entries(packets).map(([outcome, value]) => ({ labels: { outcome }, value })),
    ),
    gauge('plugboard_store_broken', '1 while the store does not commit.', one(journal.broken === null ? 0 : 1)),
  ]
}

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name,
  help,
  type: 'gauge',
  samples,
})
const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name,
  help,
  type: 'counter',
  samples,
})
