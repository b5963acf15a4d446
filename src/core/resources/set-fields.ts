/** Requests applied to nodes, row by row. */
import type { Caller } from '../caller.ts'
import { type AnyField, checkRole, type Field, mayHave, type Occasion } from './field.ts'

type Rows<Node, Setting> = ReadonlyArray<Field<Node, never, Setting>>
type Body = Readonly<Record<string, unknown>>

/**
 * The values of a request set on a node. What the request leaves out stays; where the node has no value at all it gets the
 * default.
 * @throws PlugboardError `forbidden`, and what the rows refuse
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

/** Looks at the values that a request has set; those of a new node are all looked at. @throws PlugboardError */
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
