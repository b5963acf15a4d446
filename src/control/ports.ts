/** Operations on ports: update and destroy. Making one is an extension's, since it takes what the core does not know. */
import type { PortId, ProjectId } from '../../topology/ids.ts'
import type { Port } from '../../topology/nodes.ts'
import type { Expected } from '../engines/extension.ts'
import type { Draft } from '../engines/host.ts'
import { checkRevision, owned } from '../engines/objects.ts'
import { PlugboardError } from '../errors.ts'

export function updatePort(
  draft: Draft,
  project: ProjectId,
  id: PortId,
  patch: { readonly admin_state_up?: boolean; readonly name?: string },
  expected: Expected,
): void {
  const port = owned(draft.graph.ports.get(id), project, 'port', id)
  checkRevision(expected, port.revision, `port ${id}`)
  const adminUp = patch.admin_state_up ?? port.adminUp
  const name = patch.name ?? port.name
  if (adminUp === port.adminUp && name === port.name) return
  draft.change({ kind: 'port', id, to: { ...port, adminUp, name, revision: port.revision + 1 } })
}

/** @returns the port as it was */
export function destroyPort(draft: Draft, project: ProjectId, id: PortId, expected: Expected): Port {
  const port = owned(draft.graph.ports.get(id), project, 'port', id)
  checkRevision(expected, port.revision, `port ${id}`)
  const occupant = draft.graph.vnicOf(id)
  if (occupant) {
    throw new PlugboardError('port-in-use', `VNIC ${occupant.id} is plugged into port ${id}: unplug it first`)
  }
  draft.change({ kind: 'port', id, to: null })
  return port
}
