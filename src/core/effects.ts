/**
 * What follows from a commit, as a value: computed once, by a pure function of the graph after the commit and of its steps, and
 * handed to the subscribers (see `subscribers.ts`). It names what the commit itself has changed. Other objects whose rules it
 * touches are in `stale` only: their status does not change.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { Network, Port, Segment, Vnic } from '../../topology/model.ts'
import { recarried } from '../../topology/stale.ts'
import type { Committed, StalePairs, Step } from './committed.ts'
import { arrivalsOf, type Move, migrationsOf, movesOf } from './moves.ts'

/** A resource before the commit and after it; null: it is not there. */
export type ResourceChange =
  | { readonly kind: 'network'; readonly from: Network | null; readonly to: Network | null }
  | { readonly kind: 'port'; readonly from: Port | null; readonly to: Port | null }
  | { readonly kind: 'vnic'; readonly from: Vnic | null; readonly to: Vnic | null }

export interface Effects {
  /** The commit that they follow from. */
  readonly commit: Committed
  /** Which objects must be compiled again, by switch. */
  readonly stale: StalePairs
  /** In the order in which the steps first name them. */
  readonly resources: readonly ResourceChange[]
  /** VNICs whose own rules change: plugged, unplugged, bound, unbound, set up or down. They are still there. */
  readonly vnics: ReadonlySet<VnicId>
  /** VNICs that were destroyed, and had a port or a binding until then. */
  readonly withdrawn: ReadonlySet<VnicId>
  /** All VNICs that were destroyed. */
  readonly destroyed: ReadonlySet<VnicId>
  /** VNICs that have a place on another hypervisor than before. */
  readonly moves: ReadonlyMap<VnicId, Move>
  /** VNICs whose migration is complete. */
  readonly arrivals: ReadonlySet<VnicId>
  /** VNICs for which something is prepared at another hypervisor, or taken away there. */
  readonly migrations: ReadonlySet<VnicId>
  /** Ports that others carry, whose own rules change. They may be gone. */
  readonly subPorts: ReadonlySet<PortId>
  /** Ports that lead to remote sites and whose rules come or go. */
  readonly sites: ReadonlySet<PortId>
  /** Ports whose status may have changed, in the order in which that is to be told. They may be gone. */
  readonly ports: ReadonlySet<PortId>
  /** Hypervisors that have told something new of themselves, or were taken out of service. */
  readonly hypervisors: ReadonlySet<HypervisorId>
  /** Segments without an owner, which hypervisors may still have rules for. */
  readonly freed: readonly Segment[]
}

/** @param graph as it is after the commit */
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
      // A network uses one of its remote sites; which one may have changed.
      if (hypervisor && networkId) for (const site of graph.sitesOf.get(networkId)) ports.add(site)
    }
    // The ports that the VNIC has left. Those where it is now are told of with it.
    if (change.kind === 'vnic' && undo.kind === 'vnic')
      for (const port of graph.portsOf(undo.to ?? { portId: null })) ports.add(port)
  }
  return ports
}
