/** The table of a resource's fields, and what is made from its rows. */
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
  /** What the loaded engines bring. */
  readonly engines: readonly EngineFields[]
  /** Fields of the core and of features that answers show after those of the engine. */
  readonly tail: ReadonlyArray<Field<Node, Showing, Setting>>
  /** A node that an older version stored, with the properties that it lacks and that no row has. */
  restore?(old: Body): Body
}

/** A request, or a stored node, by the names of its fields. */
export type Body = Readonly<Record<string, unknown>>

/** Fields of one engine that are set together. */
export interface EngineFields {
  /** The alias of the engine, or the kind of VNIC. */
  readonly of: string
  /** The requests that may have them. */
  readonly occasions: readonly Occasion[]
  readonly schema: ObjectSchema
  readonly rows: readonly EngineField[]
}

/** Any table, where only the words and schemas of its rows matter. */
export interface AnyTable {
  readonly title: Table<never, never, never>['title']
  readonly head: readonly AnyField[]
  readonly engines: readonly EngineFields[]
  readonly tail: readonly AnyField[]
}

/** The rows of the core and of features. */
export const rowsOf = <Row>({
  head,
  tail,
}: {
  readonly head: readonly Row[]
  readonly tail: readonly Row[]
}): Row[] => [...head, ...tail]

/** The schema of a request: the fields of the core and of features, then what any of the engines takes. */
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

/** Names that no engine may give to what it keeps: answers show them already. */
export const shownNames = (table: AnyTable): string[] =>
  rowsOf(table).flatMap(({ name, answer }) => (answer ? name : []))

/** Names that no engine may give to fields of requests on these occasions. */
export const askedNames = (table: AnyTable, ...occasions: readonly Occasion[]): string[] =>
  rowsOf(table).flatMap((row) => (occasions.some((each) => mayHave(row, each)) ? row.name : []))

/** A node as answers show it: its rows in their order, and between head and tail what its engine keeps. */
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
  // A row that keeps its value as an attribute shows it at its own place.
  for (const { name } of tail) if (name in node.attributes) delete view[name]
  for (const row of tail) add(row)
  return view
}

/** A request, divided by whose its fields are. */
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

/** What a new node has before a request is applied to it. */
export const initial = (table: AnyRows): object => Object.assign({}, ...rowsOf(table).map((row) => row.initial))

/** A node as an older version stored it, with what it lacks. */
export const restored = (table: AnyRows & { restore?(old: Body): Body }, old: Body): Body => ({
  ...initial(table),
  ...(table.restore?.(old) ?? old),
})

interface AnyRows {
  readonly head: ReadonlyArray<{ readonly initial?: object }>
  readonly tail: ReadonlyArray<{ readonly initial?: object }>
}

/** What the canonical body of a POST says of the fields of the core and of features, after defaults. */
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
