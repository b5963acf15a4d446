/** Creates, changes, destroys, plugs and unplugs VNICs, in a draft. */

import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { Type } from 'typebox'
import type { HypervisorId, PortId, ProjectId, VnicId } from '../../../topology/ids.ts'
import type { Port, Vnic } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import { ETHERNET, findKind } from '../engine/offers.ts'
import { PlugboardError } from '../errors.ts'
import type { ResourceContext } from './context.ts'
import { type Body, divide, initial, rowsOf, saidFields } from './field-table.ts'
import { only } from './fields.ts'
import { NO_MIGRATION, setAside } from './migration.ts'
import { canonical, checkRevision, type Expected, owned, repeated, timestamp } from './objects.ts'
import { checkPin } from './pins.ts'
import { checkQuota } from './quotas.ts'
import { checkFields, setFields } from './set-fields.ts'

/** @param body the request, with fields of the core, the features and the kind of VNIC @throws PlugboardError */
export function createVnic(
  draft: Draft,
  { kinds, tables, policy }: ResourceContext,
  project: ProjectId,
  body: Body,
  caller: Caller,
) {
  const { given, fields } = divide(tables.vnic, 'create', body)
  const kind = String(given.kind ?? ETHERNET)
  const { schema, attributes: attributesOf } = findKind(kinds, kind)
  only(schema, fields, `a VNIC of kind ${kind}`)
  const { asked, attributes } = attributesOf(fields)
  const rows = rowsOf(tables.vnic)
  const id = (given.id ?? randomUUID()) as VnicId
  const setting = { graph: draft.graph, caller }
  const plain = setFields(rows, 'create', newVnic(initial(tables.vnic), id, project, kind), given, setting)
  const request = canonical({ ...asked, ...saidFields(rows, 'create', plain, given) })
  const there = repeated(draft.graph.vnics.get(id), project, request, 'VNIC')
  if (there) return { created: false, vnic: there }
  checkQuota(policy.quotas, draft.graph, project, 'vnics')
  const vnic: Vnic = {
    ...plain,
    attributes: { ...attributes, ...plain.attributes },
    key: draft.nextKey(),
    request,
  }
  checkFields(rows, 'create', vnic, given, setting)
  draft.change({ kind: 'vnic', id, to: vnic })
  return { created: true, vnic }
}

/** A new VNIC, before the request is applied. @param first the initial properties from the rows of the table */
const newVnic = (first: object, id: VnicId, project: ProjectId, kind: string): Vnic =>
  ({
    ...first,
    id,
    key: 0,
    project,
    vmId: null,
    name: '',
    kind,
    portId: null,
    attributes: {},
    revision: 1,
    createdAt: timestamp(),
    request: '',
  }) as unknown as Vnic

/** @param patch the new values of fields of the core and the features @throws PlugboardError */
export function updateVnic(
  draft: Draft,
  { tables }: ResourceContext,
  project: ProjectId,
  id: VnicId,
  patch: Body,
  expected: Expected,
  caller: Caller,
): void {
  const { graph } = draft
  const vnic = owned(graph.vnics.get(id), project, 'VNIC', id)
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  const { given, fields } = divide(tables.vnic, 'update', patch)
  only(Type.Object({}), fields, 'a VNIC that exists')
  const rows = rowsOf(tables.vnic)
  const setting = { graph, caller }
  const patched = setFields(rows, 'update', vnic, given, setting)
  checkFields(rows, 'update', patched, given, setting)
  if (isDeepStrictEqual(patched, vnic)) return
  draft.change({ kind: 'vnic', id, to: { ...patched, revision: vnic.revision + 1 } })
}

/** @returns the destroyed VNIC */
export function destroyVnic(draft: Draft, project: ProjectId, id: VnicId, expected: Expected): Vnic {
  const vnic = owned(draft.graph.vnics.get(id), project, 'VNIC', id)
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  const port = vnic.portId && draft.graph.ports.get(vnic.portId)
  draft.change({ kind: 'vnic', id, to: null })
  if (port) touch(draft, port)
  return vnic
}

/** @param pin the hypervisor that it is pinned to from now on; null: none; undefined: as before */
export function plug(
  draft: Draft,
  { engines, features }: ResourceContext,
  project: ProjectId,
  id: VnicId,
  portId: PortId,
  expected: Expected,
  pin?: HypervisorId | null,
): void {
  const { graph } = draft
  const vnic = owned(graph.vnics.get(id), project, 'VNIC', id)
  const port = owned(graph.ports.get(portId), project, 'port', portId, 'port_id')
  const requestedHypervisor = pin === undefined ? vnic.requestedHypervisor : pin
  const isPinned = requestedHypervisor === vnic.requestedHypervisor
  // A repeated request has nothing to do. It must not fail because the first one has increased the revision.
  if (vnic.portId === portId && isPinned) return
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  if (!isPinned) checkPin(graph, { requestedHypervisor })
  const to = { ...vnic, requestedHypervisor, revision: vnic.revision + 1 }
  if (vnic.portId === portId) {
    draft.change({ kind: 'vnic', id, to })
    return
  }
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
  for (const { checkPlug } of features) checkPlug?.(graph, engines, vnic, port)
  engine.checkPlug(graph, vnic, port)
  draft.change({ kind: 'vnic', id, to: { ...to, portId } })
  touch(draft, port)
}

export function unplug(draft: Draft, project: ProjectId, id: VnicId, expected: Expected): void {
  const vnic = owned(draft.graph.vnics.get(id), project, 'VNIC', id)
  checkRevision(expected, vnic.revision, `VNIC ${id}`)
  if (!vnic.portId) return
  const port = draft.graph.ports.get(vnic.portId)
  setAside(draft, vnic, null)
  draft.change({ kind: 'vnic', id, to: { ...vnic, ...NO_MIGRATION, portId: null, revision: vnic.revision + 1 } })
  if (port) touch(draft, port)
}

/** Increases the revision of a port, because the port shows which VNIC is plugged into it. */
function touch(draft: Draft, port: Port): void {
  draft.change({ kind: 'port', id: port.id, to: { ...port, revision: port.revision + 1 } })
}
