/** What an operator should know about a host that has joined: what its rows say, compared with the graph and the engines. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import { quoted } from '../core/quoted.ts'
import { mayHold } from '../core/resources/pins.ts'
import type { OpenVSwitch, Tables } from '../ovsdb/index.ts'
import { fabricPortsOf } from './fabric-ports.ts'
import type { Facts, HostState } from './facts.ts'
import type { Stray } from './iface-ids.ts'
import { takenNames } from './provision-ports.ts'
import type { TunnelWatch } from './tunnel-watch.ts'
import { unwatched } from './unwatched.ts'

interface Known {
  readonly graph: GraphReader
  readonly engines: readonly Engine[]
  readonly tunnels: Pick<TunnelWatch, 'probesOf'>
}

type Rows = Tables<OpenVSwitch>

export function conditionsOf(id: HypervisorId, rows: Rows, state: HostState, known: Known): Condition[] {
  const { graph, engines, tunnels } = known
  const fabric = fabricPortsOf(engines, state.facts)
  return [
    ...state.conditions,
    ...switchWide(rows, engines),
    ...fabric.mistakes,
    ...takenNames(rows, fabric.ports).map((name) => ({
      code: 'name-taken',
      message: `interface ${name} is not Plugboard's, which needs the name for a port of its own: rename it`,
    })),
    ...unwatched(rows, tunnels.probesOf(id) ?? []),
    ...sharedDatapathId(id, state.facts, graph),
    ...unknownIds(state, graph),
    ...lostClaims(id, state.claims.values(), graph),
  ]
}

/** Another hypervisor with the same datapath id. It must be unique, because it identifies the switch. */
export function datapathTwin(
  id: HypervisorId,
  { datapathId }: Pick<Facts, 'datapathId'>,
  graph: GraphReader,
): HypervisorId | undefined {
  if (datapathId === null) return undefined
  for (const other of graph.hypervisors.values()) {
    if (other.datapathId === datapathId && other.id !== id) return other.id
  }
  return undefined
}

/**
 * What engines find wrong in the switch-wide configuration. Several engines of one family find the same, so it is reported
 * once.
 */
function switchWide(rows: Rows, engines: readonly Engine[]): Iterable<Condition> {
  const [root] = rows.Open_vSwitch.values()
  const config = root?.other_config ?? new Map<string, string>()
  const found = new Map<string, Condition>()
  for (const engine of engines) {
    for (const condition of engine.judgeHost(config)) found.set(condition.message, condition)
  }
  return found.values()
}

function sharedDatapathId(id: HypervisorId, facts: Facts, graph: GraphReader): Condition[] {
  const twin = datapathTwin(id, facts, graph)
  if (twin === undefined) return []
  const message = `br-int has datapath id ${facts.datapathId}, which is that of hypervisor ${twin}: clear other_config:datapath-id on one of them`
  return [{ code: 'duplicate-datapath-id', message }]
}

/** More are counted in the last message. */
const MAX_UNKNOWN_IDS = 20
/** A host may claim every VNIC that it can name. */
const MAX_LOST_CLAIMS = 100

/** Interfaces whose `iface-id` is no VNIC's. */
function unknownIds({ claims, strays }: HostState, graph: GraphReader): Condition[] {
  const unknown = [...claims.values()].filter(({ vnicId }) => !graph.vnics.has(vnicId))
  const malformed = strays.flatMap((stray) => (stray.text === null ? [] : malformedId(stray, stray.text, graph)))
  const messages = [
    ...unknown
      .slice(0, MAX_UNKNOWN_IDS)
      .map(
        ({ vnicId, interface: name }) =>
          `interface ${name} carries iface-id ${vnicId}, which is ${whatItIs(vnicId, graph)}`,
      ),
    ...malformed,
  ]
  const more = unknown.length + malformed.length - MAX_UNKNOWN_IDS
  const shown =
    more > 0 ? [...messages.slice(0, MAX_UNKNOWN_IDS), `${more} interfaces more carry an unknown id`] : messages
  return shown.map((message) => ({ code: 'unknown-iface-id', message }))
}

/** What an id is that is no VNIC's, and what to do. */
function whatItIs(id: string, graph: GraphReader): string {
  const owner = graph.ports.has(id as PortId) ? graph.attachmentOf(id as PortId)?.vnic.id : undefined
  if (owner !== undefined) return `the id of a port: write ${owner}, which is its VNIC`
  const kind = graph.ports.has(id as PortId)
    ? 'the id of a port'
    : graph.networks.has(id as NetworkId)
      ? 'the id of a network'
      : 'no VNIC'
  return `${kind}: create the VNIC, or clear the iface-id`
}

function malformedId({ interface: name, means }: Stray, text: string, graph: GraphReader): string {
  const it = `interface ${name} carries iface-id ${quoted(text)}, which is no VNIC's id as it is written`
  if (means === null)
    return `${it}: an id has the form 01234567-89ab-cdef-0123-456789abcdef; write the VNIC's, or clear the iface-id`
  return graph.vnics.has(means)
    ? `${it}: write ${means}, which is a VNIC`
    : `${it}: ${means} would be right, and is no VNIC either; create the VNIC, or clear the iface-id`
}

/** Why another hypervisor holds a VNIC that this one claims, in words. */
function whyLost(id: HypervisorId, vnic: VnicId, ofport: number | null, graph: GraphReader): string {
  const claims = graph.contests.get(vnic)?.claims ?? []
  const [here, held] = [id, graph.bindings.get(vnic)?.hypervisor].map((where) =>
    claims.findIndex(({ hypervisor }) => hypervisor === where),
  )
  if ((here ?? 0) < (held ?? 0)) return 'claimed later'
  if (ofport === null) return 'keeps as long as this one has no port number'
  return "keeps until this one's switch is connected and compared, or because the VNIC has changed hands too often"
}

/**
 * VNICs that it claims and must not have, and those that another hypervisor holds. An interface that waits for the end of a migration
 * is as it must be.
 */
function lostClaims(id: HypervisorId, claims: Iterable<Binding>, graph: GraphReader): Condition[] {
  const lost: Condition[] = []
  for (const { vnicId, interface: name, ofport } of claims) {
    if (lost.length === MAX_LOST_CLAIMS) break
    const vnic = graph.vnics.get(vnicId)
    if (!mayHold(vnic, id)) {
      const message = `interface ${name} carries iface-id ${vnicId}, which is pinned to hypervisor ${vnic?.requestedHypervisor} (requested_hypervisor), and gets no rules: remove it here, or pin the VNIC to this hypervisor`
      lost.push({ code: 'pinned-elsewhere', message, severity: 'error' })
      continue
    }
    const holder = graph.bindings.get(vnicId)?.hypervisor ?? id
    if (holder === id || (ofport !== null && vnic?.migratesTo === id)) continue
    const why = whyLost(id, vnicId, ofport, graph)
    const message = `interface ${name} carries iface-id ${vnicId}, which hypervisor ${holder} ${why}`
    lost.push({ code: 'claimed-elsewhere', message })
  }
  return lost
}
