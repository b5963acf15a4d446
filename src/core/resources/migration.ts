/**
 * Live migration: a VNIC is expected at another hypervisor, where all rules that do not need its interface are prepared. When its
 * interface is there, it waits until the migration is activated: the VM runs there now, or the compute service says so. Then the
 * VNIC is handed over, which completes the migration. These functions run inside the journal. The progress of a migration is not
 * stored: it follows from the graph and the switches.
 */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId, ProjectId, VnicId } from '../../../topology/ids.ts'
import type { Binding, Vnic } from '../../../topology/model.ts'
import type { Draft } from '../draft.ts'
import { PlugboardError } from '../errors.ts'
import { checkRevision, type Expected, owned } from './objects.ts'
import { pinAt } from './pins.ts'

/** What a VNIC has that does not migrate. */
export const NO_MIGRATION = { migratesTo: null, isActivated: false } as const

export interface MigrationRequest {
  /** The target; undefined: that of the migration under way. */
  readonly to: HypervisorId | undefined
  /** Is the VNIC to be handed over as soon as its interface is there? */
  readonly activate: boolean
}

/** Begins the migration of a VNIC, gives it another target, or activates it. */
export function migrate(
  draft: Draft,
  project: ProjectId,
  id: VnicId,
  { to: wanted, activate }: MigrationRequest,
  expected: Expected,
): void {
  const { graph } = draft
  const vnic = owned(graph.vnics.get(id), project, 'VNIC', id)
  const to = wanted ?? vnic.migratesTo
  if (!to) throw new PlugboardError('not-found', `VNIC ${id} is not migrating: name the hypervisor that it goes to`)
  if (!graph.hypervisors.has(to)) {
    throw new PlugboardError('not-found', `there is no hypervisor ${to}`, { field: 'hypervisor' })
  }
  const isThere = graph.bindings.get(id)?.hypervisor === to
  const isUnderWay = vnic.migratesTo === to
  // A repeated request has nothing to do. It must not fail because the first one has increased the revision.
  if (isUnderWay ? vnic.isActivated || !activate : isThere && activate) return
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  if (!isUnderWay) checkTarget(graph, vnic, to)
  setAside(draft, vnic, to)
  draft.change({
    kind: 'vnic',
    id,
    to: { ...vnic, migratesTo: to, isActivated: activate, revision: vnic.revision + 1 },
  })
}

/** @throws PlugboardError `bad-request` if a migration of the VNIC to this hypervisor cannot begin */
function checkTarget(graph: GraphReader, { id, portId }: Vnic, to: HypervisorId): void {
  if (!portId) {
    throw new PlugboardError(
      'bad-request',
      `VNIC ${id} is in no port, so no rules can be prepared for it: plug it first`,
    )
  }
  if (graph.bindings.get(id)?.hypervisor === to) {
    throw new PlugboardError('bad-request', `VNIC ${id} is on hypervisor ${to} already: name another one`, {
      field: 'hypervisor',
    })
  }
  // The old interface still claims the VNIC. That claim would look like the one that completes the migration.
  const left = leftAt(graph, id, to)
  if (left) {
    const detail = `interface ${left.interface} on hypervisor ${to} carries the id of VNIC ${id} from before: remove it first, or clear its iface-id`
    throw new PlugboardError('bad-request', detail, { field: 'hypervisor' })
  }
}

/** The VM runs at the target of its migration now. Nobody has changed the VNIC, so its revision stays. */
export function activate(draft: Draft, id: VnicId, at: HypervisorId): void {
  const vnic = draft.graph.vnics.get(id)
  if (vnic?.migratesTo === at && !vnic.isActivated)
    draft.change({ kind: 'vnic', id, to: { ...vnic, isActivated: true } })
}

/** The interface that a hypervisor still has from an earlier stay of the VNIC. */
function leftAt(graph: GraphReader, id: VnicId, hypervisor: HypervisorId): Binding | undefined {
  const claims = graph.contests.get(id)?.claims ?? []
  const [left, held] = [hypervisor, graph.bindings.get(id)?.hypervisor].map((where) =>
    claims.findIndex((claim) => claim.hypervisor === where),
  )
  return left !== undefined && held !== undefined && left < held ? claims[left] : undefined
}

/** Cancels the migration of a VNIC: it stays where it is. */
export function callOff(draft: Draft, project: ProjectId, id: VnicId, expected: Expected): void {
  const vnic = owned(draft.graph.vnics.get(id), project, 'VNIC', id)
  if (!vnic.migratesTo) throw new PlugboardError('not-found', `VNIC ${id} is not migrating`)
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  setAside(draft, vnic, null)
  draft.change({ kind: 'vnic', id, to: { ...vnic, ...NO_MIGRATION, revision: vnic.revision + 1 } })
}

/** Cancels all migrations to a hypervisor that is removed. */
export function callOffAll(draft: Draft, to: HypervisorId): void {
  for (const id of [...draft.graph.vnicsMigratingTo.get(to)]) {
    const vnic = draft.graph.vnics.get(id)
    if (vnic) draft.change({ kind: 'vnic', id, to: { ...vnic, ...NO_MIGRATION, revision: vnic.revision + 1 } })
  }
}

/**
 * Called when a VNIC has a new binding: ends its migration, at the target or at a third hypervisor. A pinned VNIC is pinned to the
 * target from then on. No caller has changed the VNIC, so its revision stays.
 * @param was the previous binding
 */
export function arrived(draft: Draft, now: Binding, was: Binding | undefined): void {
  const vnic = draft.graph.vnics.get(now.vnicId)
  if (!vnic?.migratesTo) return
  const isThere = now.hypervisor === vnic.migratesTo
  if (isThere ? now.ofport === null : !was || was.hypervisor === now.hypervisor) return
  setAside(draft, vnic, now.hypervisor)
  const pin = isThere ? pinAt(vnic, now.hypervisor) : {}
  draft.change({ kind: 'vnic', id: vnic.id, to: { ...vnic, ...NO_MIGRATION, ...pin } })
}

/**
 * A migration ends elsewhere than at its target. An interface that waits there must not take the VNIC by itself later on, so its
 * claim counts as the oldest one now.
 * @param to where the migration ends, or the new target
 */
export function setAside(draft: Draft, { id, migratesTo }: Vnic, to: HypervisorId | null): void {
  const contest = draft.graph.contests.get(id)
  const waiting = contest?.claims.find(({ hypervisor }) => hypervisor === migratesTo)
  if (!contest || !waiting || migratesTo === to) return
  const claims = [waiting, ...contest.claims.filter((claim) => claim !== waiting)]
  draft.change({ kind: 'contest', id, to: { ...contest, claims } })
}
