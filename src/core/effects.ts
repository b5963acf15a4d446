/**
 * What follows from a commit, as a value. A pure function computes it once from the steps of the commit and the graph after it.
 * The subscribers receive it (see `subscribers.ts`). It names the objects that the commit itself has changed. Other objects
 * whose rules the commit affects are only in `stale`: their status does not change.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { Network, Port, Segment, Vnic } from '../../topology/model.ts'
import { recarried } from '../../topology/stale.ts'
import type { Committed, StalePairs, Step } from './committed.ts'
import { arrivalsOf, type Move, migrationsOf, movesOf } from './moves.ts'

/** A resource before and after the commit; null: it does not exist. */
export type ResourceChange =
  | { readonly kind: 'network'; readonly from: Network | null; readonly to: Network | null }
  | { readonly kind: 'port'; readonly from: Port | null; readonly to: Port | null }
  | { readonly kind: 'vnic'; readonly from: Vnic | null; readonly to: Vnic | null }

export interface Effects {
  /** The commit that these effects follow from. */
  readonly commit: Committed
  /** For each switch, the objects whose rules must be compiled again. */
  readonly stale: StalePairs
  /** The changed resources, in the order in which the steps first name them. */
  readonly resources: readonly ResourceChange[]
  /** VNICs whose own rules change: plugged, unplugged, bound, unbound, set up or down. Destroyed VNICs are not among them. */
  readonly vnics: ReadonlySet<VnicId>
  /** Destroyed VNICs that had a port or a binding. */
  readonly withdrawn: ReadonlySet<VnicId>
  /** All destroyed VNICs. */
  readonly destroyed: ReadonlySet<VnicId>
  /** VNICs that are now on another hypervisor than before. */
  readonly moves: ReadonlyMap<VnicId, Move>
  /** VNICs whose migration is complete. */
  readonly arrivals: ReadonlySet<VnicId>
  /** VNICs for which rules are prepared at, or removed from, the target hypervisor of a migration. */
  readonly migrations: ReadonlySet<VnicId>
  /** Sub-ports of trunks whose own rules change. They may have been destroyed. */
  readonly subPorts: ReadonlySet<PortId>
  /** Ports to remote sites whose rules are added or removed. */
  readonly sites: ReadonlySet<PortId>
  /** Ports whose status may have changed, in the order of the events to send. They may have been destroyed. */
  readonly ports: ReadonlySet<PortId>
  /** Hypervisors that have reported new facts, or were removed. */
  readonly hypervisors: ReadonlySet<HypervisorId>
  /** Segments without an owner, for which hypervisors may still have rules. */
  readonly freed: readonly Segment[]
}

/** Computes the effects of a commit. @param graph the graph after the commit */
export function effectsOf(graph: GraphReader, commit: Committed): Effects {
  const { steps, stale } = commit
  const resources = resourcesOf(steps)
  const touched = [...touchedVnics(graph, steps)]
  return {
    commit,
    stale,
    resources,
    vnics: new Set(touched.filter((id) => graph.vnics.has(id))),
    withdrawn: new Set(touched.filter((id) => !graph.vnics.has(id))),
    destroyed: new Set(steps.flatMap(({ change }) => (change.kind === 'vnic' && !change.to ? change.id : []))),
    moves: movesOf(graph, steps),
    arrivals: arrivalsOf(graph, steps),
    migrations: migrationsOf(graph, steps),
    subPorts: touchedSubPorts(graph, steps),
    sites: touchedSites(resources),
    ports: portsToTell(graph, steps),
    hypervisors: new Set(steps.flatMap(({ change }) => (change.kind === 'hypervisor' ? change.id : []))),
    freed: steps.flatMap(({ change }) => (change.kind === 'segment' && change.to?.owner === null ? change.to : [])),
  }
}

function resourcesOf(steps: readonly Step[]): ResourceChange[] {
  const changes = new Map<NetworkId | PortId | VnicId, ResourceChange>()
  for (const { change, undo } of steps) {
    if (change.kind !== 'network' && change.kind !== 'port' && change.kind !== 'vnic') continue
    const from = changes.has(change.id) ? changes.get(change.id)?.from : undo.to
    changes.set(change.id, { kind: change.kind, from, to: change.to } as ResourceChange)
  }
  return [...changes.values()]
}

function touchedVnics(graph: GraphReader, steps: readonly Step[]): Set<VnicId> {
  const touched = new Set<VnicId>()
  for (const { change, undo } of steps) {
    if (change.kind === 'vnic' && undo.kind === 'vnic') {
      if ((change.to?.portId ?? null) !== (undo.to?.portId ?? null)) touched.add(change.id)
    } else if (change.kind === 'binding') touched.add(change.id)
    else if (change.kind === 'port' && undo.kind === 'port' && change.to?.adminUp !== undo.to?.adminUp) {
      const vnic = graph.vnicOf(change.id)
      if (vnic) touched.add(vnic.id)
    }
  }
  return touched
}

function touchedSubPorts(graph: GraphReader, steps: readonly Step[]): Set<PortId> {
  const touched = new Set<PortId>()
  for (const { change, undo } of steps) {
    if (change.kind !== 'port' || undo.kind !== 'port') continue
    for (const id of recarried(undo.to, change.to)) touched.add(id)
    if (change.to && change.to.adminUp !== undo.to?.adminUp && graph.carrierOf(change.id)) touched.add(change.id)
  }
  return touched
}

function touchedSites(resources: readonly ResourceChange[]): Set<PortId> {
  const touched = new Set<PortId>()
  for (const { kind, from, to } of resources) {
    if (kind !== 'port' || !to?.hypervisor) continue
    if ((from?.adminUp ?? false) !== to.adminUp) touched.add(to.id)
  }
  return touched
}

function portsToTell(graph: GraphReader, steps: readonly Step[]): Set<PortId> {
  const ports = new Set<PortId>()
  for (const { change, undo } of steps) {
    if (change.kind === 'port' && undo.kind === 'port') {
      ports.add(change.id)
      const { hypervisor, networkId } = change.to ?? undo.to ?? { hypervisor: null, networkId: null }
      // A network uses only one of its remote sites at a time. The change may make it use another one.
      if (hypervisor && networkId) for (const site of graph.sitesOf.get(networkId)) ports.add(site)
    }
    // Adds the ports that the VNIC has left. The status of its current ports follows from that of the VNIC.
    if (change.kind === 'vnic' && undo.kind === 'vnic')
      for (const port of graph.portsOf(undo.to ?? { portId: null })) ports.add(port)
  }
  return ports
}
