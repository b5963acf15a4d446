/**
 * Live migration: a VNIC is expected at another hypervisor, so that what does not need its interface is prepared there. The claim
 * by that hypervisor completes it. These run inside the journal; how far a migration is follows from the graph and the switches.
 */
import type { HypervisorId, ProjectId, VnicId } from '../../../topology/ids.ts'
import type { Binding } from '../../../topology/model.ts'
import type { Draft } from '../draft.ts'
import { PlugboardError } from '../errors.ts'
import { checkRevision, type Expected, owned } from './objects.ts'

interface Destination {
  readonly to: HypervisorId
  /** What is there of the VNIC from when it was there before. */
  readonly left: Binding | undefined
}

/** A VNIC is about to move there; another target than before takes its place. */
export function migrate(
  draft: Draft,
  project: ProjectId,
  id: VnicId,
  { to, left }: Destination,
  expected: Expected,
): void {
  const { graph } = draft
  const vnic = owned(graph.vnics.get(id), project, 'VNIC', id)
  if (!graph.hypervisors.has(to)) {
    throw new PlugboardError('not-found', `there is no hypervisor ${to}`, { field: 'hypervisor' })
  }
  // Repeated it has nothing to do, so the revision that the first one met is no reason to refuse it.
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
  // It claims the VNIC as long as it is there, so nobody could tell that claim from the one that completes the migration.
  if (left) {
    const detail = `interface ${left.interface} on hypervisor ${to} carries the id of VNIC ${id} from before: remove it first, or clear its iface-id`
    throw new PlugboardError('bad-request', detail, { field: 'hypervisor' })
  }
  draft.change({ kind: 'vnic', id, to: { ...vnic, migratesTo: to, revision: vnic.revision + 1 } })
}

/** It stays where it is. */
export function callOff(draft: Draft, project: ProjectId, id: VnicId, expected: Expected): void {
  const vnic = owned(draft.graph.vnics.get(id), project, 'VNIC', id)
  if (!vnic.migratesTo) throw new PlugboardError('not-found', `VNIC ${id} is not migrating`)
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  draft.change({ kind: 'vnic', id, to: { ...vnic, migratesTo: null, revision: vnic.revision + 1 } })
}

/** A hypervisor is taken out of service: nobody migrates there. */
export function callOffAll(draft: Draft, to: HypervisorId): void {
  for (const id of [...draft.graph.vnicsMigratingTo.get(to)]) {
    const vnic = draft.graph.vnics.get(id)
    if (vnic) draft.change({ kind: 'vnic', id, to: { ...vnic, migratesTo: null, revision: vnic.revision + 1 } })
  }
}

/**
 * A VNIC has a binding: it has come to where it was to go, or to a third hypervisor, from where nobody said that it would move.
 * That was seen, not asked for, so its revision stays.
 * @param was the binding before
 */
export function arrived(draft: Draft, now: Binding, was: Binding | undefined): void {
  const vnic = draft.graph.vnics.get(now.vnicId)
  if (!vnic?.migratesTo) return
  const isThere = now.hypervisor === vnic.migratesTo
  if (isThere ? now.ofport === null : !was || was.hypervisor === now.hypervisor) return
  draft.change({ kind: 'vnic', id: vnic.id, to: { ...vnic, migratesTo: null } })
}
