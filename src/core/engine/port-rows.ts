/** Lets an engine describe the fields of ports in its networks as rows, one row for each field. */
import { Type } from 'typebox'
import { type EngineField, schemaOf } from '../resources/field.ts'
import type { EnginePortField } from '../resources/port-fields.ts'
import { setFields } from '../resources/set-fields.ts'
import type { PortFields } from './engine.ts'

export function portFieldsOf(fields: readonly EnginePortField[]): PortFields {
  const rows = fields.map(
    ({ name, documentation, answer, request }): EngineField => ({
      name,
      documentation,
      ...(request && {
        request: Type.Optional(request.schema),
        role: request.roles.update ?? 'member',
        default: request.default,
      }),
      ...(answer && { answer }),
    }),
  )
  return {
    schema: schemaOf(rows),
    rows,
    set: (graph, port, given, caller) => setFields(fields, 'update', port, given, { graph, caller }),
    check(graph, port) {
      for (const { request } of fields) request?.check?.(port, { graph })
    },
  }
}
