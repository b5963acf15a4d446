/** The table of a resource's fields, and functions that use its rows. */
import { isDeepStrictEqual } from 'node:util'
import { type TObject, type TProperties, type TSchema, Type } from 'typebox'
import type { Attributes } from '../../../topology/model.ts'
import type { ObjectSchema } from '../engine/engine.ts'
import { type AnyField, type EngineField, type Field, mayHave, type Occasion } from './field.ts'
import { fieldsOf } from './fields.ts'

export interface Table<Node, Showing, Setting> {
  readonly title: 'network' | 'port' | 'vnic'
  /** Fields of the core and of features that answers show before those of the engine. */
  readonly head: ReadonlyArray<Field<Node, Showing, Setting>>
  /** The fields of the loaded engines. */
  readonly engines: readonly EngineFields[]
  /** Fields of the core and of features that answers show after those of the engine. */
  readonly tail: ReadonlyArray<Field<Node, Showing, Setting>>
  /** Adds properties to a node of an older version that it lacks and that belong to no row. */
  restore?(old: Body): Body
}

/** A request or a stored node, as an object. */
export type Body = Readonly<Record<string, unknown>>

/** The fields of one engine, or of one kind of VNIC. */
export interface EngineFields {
  /** The alias of the engine, or the kind of VNIC. */
  readonly of: string
  /** The requests that may contain these fields. */
  readonly occasions: readonly Occasion[]
  readonly schema: ObjectSchema
  readonly rows: readonly EngineField[]
}

/** A table of any resource, for code that needs only the documentation and schemas of its rows. */
export interface AnyTable {
  readonly title: Table<never, never, never>['title']
  readonly head: readonly AnyField[]
  readonly engines: readonly EngineFields[]
  readonly tail: readonly AnyField[]
}

/** The rows of the core and of the features. */
export const rowsOf = <Row>({
  head,
  tail,
}: {
  readonly head: readonly Row[]
  readonly tail: readonly Row[]
}): Row[] => [...head, ...tail]

/** The schema of a request: the fields of the core and of the features, then the fields of all loaded engines. */
export function requestSchema(table: AnyTable, occasion: Occasion): TObject {
  const properties: TProperties = {}
  for (const { name, request } of rowsOf(table)) {
    if (request?.roles[occasion] === undefined) continue
    properties[name] = request.isRequired ? request.schema : Type.Optional(request.schema)
  }
  const engines = table.engines.filter(({ occasions }) => occasions.includes(occasion))
  return Type.Object(
    { ...properties, ...fieldsOf(engines.map(({ schema }) => schema)) },
    { additionalProperties: false },
  )
}

/** The schema of the resource in answers. */
export function answerSchema(table: AnyTable): TObject {
  const answers = ({ name, answer }: Pick<AnyField, 'name' | 'answer'>): Array<readonly [string, TSchema]> =>
    answer ? [[name, answer]] : []
  const engines = table.engines.map(({ rows }) => Type.Object(Object.fromEntries(rows.flatMap(answers))))
  return Type.Object(
    {
      ...Object.fromEntries(table.head.flatMap(answers)),
      ...fieldsOf(engines),
      ...Object.fromEntries(table.tail.flatMap(answers)),
    },
    { title: table.title },
  )
}

/** Names that no engine may give to its attributes, because answers already use them. */
export const shownNames = (table: AnyTable): string[] =>
  rowsOf(table).flatMap(({ name, answer }) => (answer ? name : []))

/** Names that no engine may give to fields of these requests, because the core or a feature already uses them. */
export const askedNames = (table: AnyTable, ...occasions: readonly Occasion[]): string[] =>
  rowsOf(table).flatMap((row) => (occasions.some((each) => mayHave(row, each)) ? row.name : []))

/** A node as answers show it: the rows of the head, then the attributes of the engine, then the rows of the tail. */
export function show<Node extends { readonly attributes: Attributes }, Showing, Setting>(
  { head, tail }: Table<Node, Showing, Setting>,
  node: Node,
  showing: Showing,
): Record<string, unknown> {
  const view: Record<string, unknown> = {}
  const add = (row: Field<Node, Showing, Setting>) => {
    if (!row.answer) return
    const value = row.show ? row.show(node, showing) : (row.request?.get(node) ?? row.request?.default)
    if (value !== undefined) view[row.name] = value
  }
  for (const row of head) add(row)
  Object.assign(view, node.attributes)
  // A row of the tail may store its value among the attributes. It is shown with the tail.
  for (const { name } of tail) if (name in node.attributes) delete view[name]
  for (const row of tail) add(row)
  return view
}

/** A request, divided into the fields of the core and those of the engine. */
export interface Divided {
  /** Fields of the core and of features. */
  readonly given: Body
  /** Fields of the engine. */
  readonly fields: Body
}

export function divide(table: AnyTable, occasion: Occasion, body: Body): Divided {
  const names = new Set(rowsOf(table).flatMap((row) => (mayHave(row, occasion) ? row.name : [])))
  const part = (isOwn: boolean) =>
    Object.fromEntries(Object.entries(body).filter(([name, value]) => names.has(name) === isOwn && value !== undefined))
  return { given: part(true), fields: part(false) }
}

/** The initial properties of a new node, before the request is applied. */
export const initial = (table: AnyRows): object => Object.assign({}, ...rowsOf(table).map((row) => row.initial))

/** Adds missing properties to a node that an older version stored. */
export const restored = (table: AnyRows & { restore?(old: Body): Body }, old: Body): Body => ({
  ...initial(table),
  ...(table.restore?.(old) ?? old),
})

interface AnyRows {
  readonly head: ReadonlyArray<{ readonly initial?: object }>
  readonly tail: ReadonlyArray<{ readonly initial?: object }>
}

/** The fields of the core and of the features in the canonical body of a POST, with defaults filled in. */
export function saidFields<Node>(
  rows: ReadonlyArray<Field<Node, never, never>>,
  occasion: Occasion,
  node: Node,
  given: Body,
): Record<string, unknown> {
  const said: Record<string, unknown> = {}
  for (const row of rows) {
    const { name, request } = row
    if (!request || name === 'id' || !mayHave(row as AnyField, occasion)) continue
    const value = request.said ? request.said(node) : name in given ? given[name] : request.default
    if (request.isAlwaysSaid || !isDeepStrictEqual(value, request.default)) said[name] = value
  }
  return said
}
