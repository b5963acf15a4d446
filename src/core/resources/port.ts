/** Updates and destroys ports, in a draft. */
import { isDeepStrictEqual } from 'node:util'
import { Type } from 'typebox'
import { isTaken } from '../../../topology/graph.ts'
import type { PortId, ProjectId } from '../../../topology/ids.ts'
import type { Port } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import { PlugboardError } from '../errors.ts'
import type { ResourceContext } from './context.ts'
import { type Body, divide, rowsOf } from './field-table.ts'
import { only } from './fields.ts'
import { checkRevision, type Expected, owned } from './objects.ts'
import { checkFields, setFields, withEngineFields } from './set-fields.ts'

/** @param patch the new values, with fields of the core, the features and the engine @throws PlugboardError */
export function updatePort(
  draft: Draft,
  { engines, features, tables }: ResourceContext,
  project: ProjectId,
  id: PortId,
  patch: Body,
  expected: Expected,
  caller: Caller,
): void {
  const { graph } = draft
  const port = owned(graph.ports.get(id), project, 'port', id)
  checkRevision(expected, port.revision, `port ${id}`)
  const { given, fields } = divide(tables.port, 'update', patch)
  const portFields = engines.get(port.engine)?.networks?.portFields
  only(portFields?.schema ?? Type.Object({}), fields, `a port of engine ${port.engine}`)
  const setting = { graph, engines, caller }
  const rows = rowsOf(tables.port)
  const shaped = withEngineFields(portFields, port, fields, { graph, caller })
  const patched = setFields(rows, 'update', shaped, given, setting)
  checkFields(rows, 'update', patched, given, setting)
  if (isDeepStrictEqual(patched, port)) return
  if (Object.keys(fields).length > 0) portFields?.check?.(graph, patched)
  const to = { ...patched, revision: port.revision + 1 }
  draft.change({ kind: 'port', id, to })
  for (const { portChanged } of features) portChanged?.(draft, engines, port, to)
}

/** @returns the destroyed port @throws PlugboardError */
export function destroyPort(
  draft: Draft,
  { engines, features }: ResourceContext,
  project: ProjectId,
  id: PortId,
  expected: Expected,
): Port {
  const { graph } = draft
  const port = owned(graph.ports.get(id), project, 'port', id)
  checkRevision(expected, port.revision, `port ${id}`)
  const occupant = graph.vnicOf(id)
  if (occupant) {
    throw new PlugboardError('port-in-use', `VNIC ${occupant.id} is plugged into port ${id}: unplug it first`)
  }
  for (const { checkDestroy } of features) checkDestroy?.(graph, port)
  draft.change({ kind: 'port', id, to: null })
  for (const { portChanged } of features) portChanged?.(draft, engines, port, null)
  const segment = port.segmentId === null ? undefined : graph.segments.get(port.segmentId)
  if (segment) {
    const freed = { ...segment, owner: null, freed: draft.nextKey() }
    draft.change({ kind: 'segment', id: segment.id, to: isTaken(freed) || freed.partOf === null ? freed : null })
  }
  return port
}
