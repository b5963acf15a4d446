/** Creates, destroys, plugs and unplugs VNICs, in a draft. */
import { randomUUID } from 'node:crypto'
import type { PortId, ProjectId, VnicId } from '../../../topology/ids.ts'
import type { Port, Vnic } from '../../../topology/model.ts'
import { checkCarried } from '../../features/trunk/trunk.ts'
import type { Draft } from '../draft.ts'
import type { Engine, VnicKind } from '../engine/engine.ts'
import { ETHERNET, findKind } from '../engine/offers.ts'
import { PlugboardError } from '../errors.ts'
import { only } from './fields.ts'
import { canonical, checkRevision, type Expected, owned, repeated, timestamp } from './objects.ts'

/** What a request for a VNIC says: the core's fields, and those of its kind. */
export interface VnicRequest {
  readonly id?: string
  readonly kind?: string
  readonly vm_id?: string | null
  readonly name?: string
  readonly [field: string]: unknown
}

/** @throws PlugboardError */
export function createVnic(draft: Draft, kinds: readonly VnicKind[], project: ProjectId, request: VnicRequest) {
  const { id: chosen, kind = ETHERNET, vm_id: vmId = null, name = '', ...fields } = request
  const { schema, attributes: attributesOf } = findKind(kinds, kind)
  only(schema, fields, `a VNIC of kind ${kind}`)
  const { asked, attributes } = attributesOf(fields)
  const body = canonical({ ...asked, kind, name, vm_id: vmId })
  const id = (chosen ?? randomUUID()) as VnicId
  const there = repeated(draft.graph.vnics.get(id), project, body, 'VNIC')
  if (there) return { created: false, vnic: there }
  const vnic: Vnic = {
    id,
    key: draft.nextKey(),
    project,
    vmId,
    name,
    kind,
    portId: null,
    migratesTo: null,
    attributes,
    revision: 1,
    createdAt: timestamp(),
    request: body,
  }
  draft.change({ kind: 'vnic', id, to: vnic })
  return { created: true, vnic }
}

/** @returns the VNIC as it was */
export function destroyVnic(draft: Draft, project: ProjectId, id: VnicId, expected: Expected): Vnic {
  const vnic = owned(draft.graph.vnics.get(id), project, 'VNIC', id)
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  const port = vnic.portId && draft.graph.ports.get(vnic.portId)
  draft.change({ kind: 'vnic', id, to: null })
  if (port) touch(draft, port)
  return vnic
}

export function plug(
  draft: Draft,
  engines: ReadonlyMap<string, Engine>,
  project: ProjectId,
  id: VnicId,
  portId: PortId,
  expected: Expected,
): void {
  const { graph } = draft
  const vnic = owned(graph.vnics.get(id), project, 'VNIC', id)
  const port = owned(graph.ports.get(portId), project, 'port', portId, 'port_id')
  // Repeated it has nothing to do, so the revision that the first one met is no reason to refuse it.
  if (vnic.portId === portId) return
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  if (vnic.portId) {
    throw new PlugboardError('vnic-plugged', `VNIC ${id} is plugged into port ${vnic.portId}: unplug it first`)
  }
  const occupant = graph.vnicOf(portId)
  if (occupant) {
    throw new PlugboardError(
      'port-in-use',
      `VNIC ${occupant.id} is plugged into port ${portId}: unplug it first, or take another port`,
    )
  }
  const carrier = graph.carrierOf(portId)
  if (carrier) {
    throw new PlugboardError(
      'port-in-use',
      `port ${portId} is in the trunk of port ${carrier.port.id} with tag ${carrier.tag}: plug the VNIC into that port, or take another one`,
    )
  }
  const engine = engines.get(port.engine)
  if (!engine) {
    throw new PlugboardError(
      'unknown-engine',
      `engine "${port.engine}" of port ${portId} is not loaded: load it in the configuration`,
    )
  }
  if (!engine.kinds.includes(vnic.kind)) {
    throw new PlugboardError(
      'unsupported',
      `ports of engine ${engine.alias} take VNICs of kind ${engine.kinds.join(', ')}, not ${vnic.kind}`,
    )
  }
  engine.checkPlug(graph, vnic, port)
  checkCarried(graph, engines, vnic, port.trunk)
  draft.change({ kind: 'vnic', id, to: { ...vnic, portId, revision: vnic.revision + 1 } })
  touch(draft, port)
}

export function unplug(draft: Draft, project: ProjectId, id: VnicId, expected: Expected): void {
  const vnic = owned(draft.graph.vnics.get(id), project, 'VNIC', id)
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  if (!vnic.portId) return
  const port = draft.graph.ports.get(vnic.portId)
  draft.change({ kind: 'vnic', id, to: { ...vnic, portId: null, migratesTo: null, revision: vnic.revision + 1 } })
  if (port) touch(draft, port)
}

/** Which VNIC is plugged in is part of the port, so its revision grows. */
function touch(draft: Draft, port: Port): void {
  draft.change({ kind: 'port', id: port.id, to: { ...port, revision: port.revision + 1 } })
}
