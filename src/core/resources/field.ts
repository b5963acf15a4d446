/** One row per field of a resource: everything that is said of the field anywhere is said here. */
import { isDeepStrictEqual } from 'node:util'
import { type TObject, type TSchema, Type } from 'typebox'
import type { Attributes } from '../../../topology/model.ts'
import { type Caller, ROLES, type Role } from '../caller.ts'
import { PlugboardError } from '../errors.ts'

/**
 * A field of a resource. Request and answer schemas, views, canonical bodies, changes, names that engines may not take,
 * old stores and docs/fields.md are made from it.
 */
export interface Field<Node, Showing, Setting> {
  /** As requests and answers spell it. */
  readonly name: string
  /** What it is, in Markdown, for docs/fields.md. */
  readonly documentation: string
  /** Its schema in answers, `Type.Optional` where an answer may lack it. Left out: answers do not have it. */
  readonly answer?: TSchema
  /**
   * Its value in answers; undefined leaves it out. Without this function an answer shows what `request.get` says, or the
   * attribute of this name.
   */
  show?(node: Node, showing: Showing): unknown
  /** How requests set it. Left out: no request does. */
  readonly request?: FieldRequest<Node, Setting>
  /** What a new node has before a request is applied to it, and a node that an older version stored without the field. */
  readonly initial?: Partial<Node>
}

/** A request that may have the field. `createAlone` makes a port that is in no network. */
export type Occasion = 'create' | 'createAlone' | 'update'

export interface FieldRequest<Node, Setting> {
  readonly schema: TSchema
  /** Must each request to create the object have it? */
  readonly isRequired?: boolean
  /** Which requests may have it, and the least role that may give it another value than it has. */
  readonly roles: Readonly<Partial<Record<Occasion, Role>>>
  /** The value that a request without it gives to a new object. */
  readonly default: unknown
  /** Has the canonical body of a POST the field even where it has its default? A new field must not: older stores lack it. */
  readonly isAlwaysSaid?: boolean
  /** What takes the role, for a refusal: `to switch port_security`. Left out: the quoted name. */
  readonly deed?: string
  /** The value that a node has. */
  get(node: Node): unknown
  /** The node with another value. Left out: the operation that makes the object uses the value. @throws PlugboardError */
  set?(node: Node, value: unknown, setting: Setting): Node
  /** The value in the canonical body of a POST, where it differs from that of the request. */
  said?(node: Node): unknown
  /** May the node have the value, whoever asks? Called when a request has the field. @throws PlugboardError */
  check?(node: Node, setting: Omit<Setting, 'caller'>): void
}

/** What an engine says of one of its fields. It keeps the value as an attribute, which answers show under this name. */
export interface EngineField {
  readonly name: string
  /** What it is, in Markdown, for docs/fields.md. */
  readonly documentation: string
  /** Its schema in requests, `Type.Optional` where they may lack it. Left out: no request sets it. */
  readonly request?: TSchema
  /** The least role that may set it, for docs/fields.md: the engine checks it. Left out: `member`. */
  readonly role?: Role
  /** The value that a new object gets whose request lacks the field, for docs/fields.md. */
  readonly default?: unknown
  /** Its schema in answers. Left out: the OpenAPI document does not mention it there. */
  readonly answer?: TSchema
}

/** The schema of a request with these fields; a field is left out by `Type.Optional`. */
export const schemaOf = (rows: readonly EngineField[]): TObject =>
  Type.Object(Object.fromEntries(rows.flatMap(({ name, request }) => (request ? [[name, request]] : []))))

/** May such a request have the field? */
export const mayHave = ({ request }: AnyField, occasion: Occasion): boolean => request?.roles[occasion] !== undefined

/** Where a field is kept that has no property of its own on the node: among its attributes. */
export const asAttribute = (name: string) => ({
  get: (node: { readonly attributes: Attributes }): unknown => node.attributes[name],
  set: <Node extends { readonly attributes: Attributes }>(node: Node, value: unknown): Node => ({
    ...node,
    attributes: { ...node.attributes, [name]: value as Attributes[string] },
  }),
})

/** Any field, where only its words and schemas matter. */
export type AnyField = Pick<Field<never, never, never>, 'name' | 'documentation' | 'answer'> & {
  readonly request?: Omit<FieldRequest<never, never>, 'get' | 'set' | 'said' | 'check'>
}

/**
 * May this caller give the field a value other than `now`?
 * @throws PlugboardError `forbidden`
 */
export function checkRole(field: AnyField, occasion: Occasion, caller: Caller, value: unknown, now: unknown): void {
  const role = field.request?.roles[occasion] ?? 'member'
  if (ROLES.indexOf(caller.role) >= ROLES.indexOf(role) || isDeepStrictEqual(value, now)) return
  const deed = field.request?.deed ?? `"${field.name}"`
  const detail = `${deed} takes role ${role}, this token has role ${caller.role}: leave it out`
  throw new PlugboardError('forbidden', detail, { field: field.name })
}
