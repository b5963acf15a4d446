/** The type of a row: one row describes everything about one field of a resource. */
import { isDeepStrictEqual } from 'node:util'
import { type TObject, type TSchema, Type } from 'typebox'
import type { Attributes } from '../../../topology/model.ts'
import { type Caller, type Role, suffices } from '../caller.ts'
import { PlugboardError } from '../errors.ts'

/**
 * A field of a resource. The program uses the row for schemas of requests and answers, views, canonical bodies, updates, the list
 * of names that engines must not use, nodes of older versions, and docs/fields.md.
 */
export interface Field<Node, Showing, Setting> {
  /** The name of the field in requests and answers. */
  readonly name: string
  /** What the field means, in Markdown, for docs/fields.md. */
  readonly documentation: string
  /** Its schema in answers; `Type.Optional` if an answer may lack it. If left out, answers do not have the field. */
  readonly answer?: TSchema
  /**
   * Returns its value in answers; undefined leaves the field out. Without this function, answers show the value of `request.get`,
   * or else the attribute of the same name.
   */
  show?(node: Node, showing: Showing): unknown
  /** How requests set the field. If left out, no request sets it. */
  readonly request?: FieldRequest<Node, Setting>
  /** The initial properties of a new node, and of a node that an older version stored without the field. */
  readonly initial?: Partial<Node>
}

/** The kinds of requests that may contain the field. `createAlone` creates a port in no network. */
export type Occasion = 'create' | 'createAlone' | 'update'

export interface FieldRequest<Node, Setting> {
  readonly schema: TSchema
  /** Must each request that creates the object contain the field? */
  readonly isRequired?: boolean
  /** The requests that may contain the field, each with the least role that may change its value. */
  readonly roles: Readonly<Partial<Record<Occasion, Role>>>
  /** The value of a new object if the request lacks the field. */
  readonly default: unknown
  /** Does the canonical body of a POST contain the field even if it has its default? Not for new fields: older stores lack them. */
  readonly isAlwaysSaid?: boolean
  /** The action that needs the role, for a refusal: `to switch port_security`. Default: the quoted name of the field. */
  readonly deed?: string
  /** Returns the value of a node. */
  get(node: Node): unknown
  /** Returns the node with a new value. If left out, only the creating operation uses the value. @throws PlugboardError */
  set?(node: Node, value: unknown, setting: Setting): Node
  /** Returns the value for the canonical body of a POST, if it differs from the value in the request. */
  said?(node: Node): unknown
  /** Checks that the node may have its value, for every role. Called if a request contains the field. @throws PlugboardError */
  check?(node: Node, setting: Omit<Setting, 'caller'>): void
}

/** A field of an engine. Its value is stored as an attribute, and answers show it under this name. */
export interface EngineField {
  readonly name: string
  /** What the field means, in Markdown, for docs/fields.md. */
  readonly documentation: string
  /** Its schema in requests; `Type.Optional` if a request may lack it. If left out, no request sets the field. */
  readonly request?: TSchema
  /** The least role that may set the field, for docs/fields.md; the engine checks the role. Default: `member`. */
  readonly role?: Role
  /** The value of a new object if the request lacks the field, for docs/fields.md. */
  readonly default?: unknown
  /** Its schema in answers. If left out, the OpenAPI document does not mention the field in answers. */
  readonly answer?: TSchema
}

/** The schema of a request with these fields. */
export const schemaOf = (rows: readonly EngineField[]): TObject =>
  Type.Object(Object.fromEntries(rows.flatMap(({ name, request }) => (request ? [[name, request]] : []))))

/** May a request of this kind contain the field? */
export const mayHave = ({ request }: AnyField, occasion: Occasion): boolean => request?.roles[occasion] !== undefined

/** Stores a field among the attributes of the node, if the node has no property for it. */
export const asAttribute = (name: string) => ({
  get: (node: { readonly attributes: Attributes }): unknown => node.attributes[name],
  set: <Node extends { readonly attributes: Attributes }>(node: Node, value: unknown): Node => ({
    ...node,
    attributes: { ...node.attributes, [name]: value as Attributes[string] },
  }),
})

/** A field of any resource, for code that needs only its documentation and schemas. */
export type AnyField = Pick<Field<never, never, never>, 'name' | 'documentation' | 'answer'> & {
  readonly request?: Omit<FieldRequest<never, never>, 'get' | 'set' | 'said' | 'check'>
}

/**
 * Checks that the caller may change the value of the field.
 * @param now the current value
 * @throws PlugboardError `forbidden`
 */
export function checkRole(field: AnyField, occasion: Occasion, caller: Caller, value: unknown, now: unknown): void {
  const role = field.request?.roles[occasion] ?? 'member'
  if (suffices(caller.role, role) || isDeepStrictEqual(value, now)) return
  const deed = field.request?.deed ?? `"${field.name}"`
  const detail = `${deed} takes role ${role}, this token has role ${caller.role}: leave it out`
  throw new PlugboardError('forbidden', detail, { field: field.name })
}
