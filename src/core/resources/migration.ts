/**
 * Live migration: a VNIC is expected at another hypervisor, where all rules that do not need its interface are prepared. When
 * that hypervisor claims the VNIC, the migration is complete. These functions run inside the journal. The progress of a
 * migration is not stored: it follows from the graph and the switches.
 */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId, ProjectId, VnicId } from '../../../topology/ids.ts'
import type { Binding } from '../../../topology/model.ts'
import type { Draft } from '../draft.ts'
import { PlugboardError } from '../errors.ts'
import { checkRevision, type Expected, owned } from './objects.ts'

/** Begins the migration of a VNIC, or gives it another target. */
export function migrate(draft: Draft, project: ProjectId, id: VnicId, to: HypervisorId, expected: Expected): void {
  const { graph } = draft
  const vnic = owned(graph.vnics.get(id), project, 'VNIC', id)
  if (!graph.hypervisors.has(to)) {
    throw new PlugboardError('not-found', `there is no hypervisor ${to}`, { field: 'hypervisor' })
  }
  // A repeated request has nothing to do. It must not fail because the first one has increased the revision.
  if (vnic.migratesTo === to) return
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  if (!vnic.portId) {
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
  draft.change({ kind: 'vnic', id, to: { ...vnic, migratesTo: to, revision: vnic.revision + 1 } })
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
  draft.change({ kind: 'vnic', id, to: { ...vnic, migratesTo: null, revision: vnic.revision + 1 } })
}

/** Cancels all migrations to a hypervisor that is removed. */
export function callOffAll(draft: Draft, to: HypervisorId): void {
  for (const id of [...draft.graph.vnicsMigratingTo.get(to)]) {
    const vnic = draft.graph.vnics.get(id)
    if (vnic) draft.change({ kind: 'vnic', id, to: { ...vnic, migratesTo: null, revision: vnic.revision + 1 } })
  }
}

/**
 * Called when a VNIC has a new binding: ends its migration, at the target or at a third hypervisor. No caller has changed the
 * VNIC, so its revision stays.
 * @param was the previous binding
 */
export function arrived(draft: Draft, now: Binding, was: Binding | undefined): void {
  const vnic = draft.graph.vnics.get(now.vnicId)
  if (!vnic?.migratesTo) return
  const isThere = now.hypervisor === vnic.migratesTo
  if (isThere ? now.ofport === null : !was || was.hypervisor === now.hypervisor) return
  draft.change({ kind: 'vnic', id: vnic.id, to: { ...vnic, migratesTo: null } })
}
