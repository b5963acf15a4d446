/** Applies requests to nodes, row by row. */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Port } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { PortFields } from '../engine/engine.ts'
import { type AnyField, checkRole, type Field, mayHave, type Occasion } from './field.ts'

type Rows<Node, Setting> = ReadonlyArray<Field<Node, never, Setting>>
type Body = Readonly<Record<string, unknown>>

/**
 * Sets the values of a request on a node. A field that the request lacks keeps its value, or gets its default if the node has
 * no value yet.
 * @throws PlugboardError `forbidden`, and the errors of the rows
 */
export function setFields<Node, Setting extends { readonly caller: Caller }>(
  rows: Rows<Node, Setting>,
  occasion: Occasion,
  node: Node,
  given: Body,
  setting: Setting,
): Node {
  let result = node
  for (const row of rows) {
    const { name, request } = row
    if (!request || !mayHave(row as AnyField, occasion)) continue
    const now = request.get(node)
    if (!(name in given) && now !== undefined) continue
    const value = name in given ? given[name] : request.default
    checkRole(row as AnyField, occasion, setting.caller, value, now ?? request.default)
    result = request.set?.(result, value, setting) ?? result
  }
  return result
}

/** Sets the fields that the engine of a port's network adds, and what the core keeps of them. @throws PlugboardError */
export function withEngineFields(
  portFields: PortFields | undefined,
  port: Port,
  given: Body,
  { graph, caller }: { readonly graph: GraphReader; readonly caller: Caller },
): Port {
  if (!portFields) return port
  const shaped = portFields.set(graph, port, given, caller)
  return { ...shaped, borrowsAddresses: portFields.borrowsAddresses?.(shaped) ?? false }
}

/** Checks the values that a request has set. For a new node, it checks all values. @throws PlugboardError */
export function checkFields<Node, Setting>(
  rows: Rows<Node, Setting>,
  occasion: Occasion,
  node: Node,
  given: Body,
  setting: Omit<Setting, 'caller'>,
): void {
  for (const { name, request } of rows) {
    if (occasion !== 'update' || name in given) request?.check?.(node, setting)
  }
}
