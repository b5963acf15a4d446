/**
 * An extension of the API: operations that an engine offers beside the core. Its routes carry the schemas they are
 * validated with, from which the OpenAPI document is made; the HTTP room mounts them and knows nothing of what they do.
 */
import type { Static, TSchema } from 'typebox'
import type { ProjectId } from '../../../topology/ids.ts'

export const ROLES = ['reader', 'member', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Of whom the request is; a token's project and role. */
export interface Caller {
  readonly project: ProjectId | '*'
  readonly role: Role
}

/** The revisions of which the caller accepts any (`If-Match`), or null where it does not say. */
export type Expected = readonly number[] | null

export interface Call<Body = unknown> {
  readonly caller: Caller
  readonly project: ProjectId
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: Body
  readonly expected: Expected
}

/** One of a list: the key that its place goes by (lists are in the order of keys), and how it is shown. */
export interface Listed<View = object> {
  readonly key: number
  view(): View
}

/** What an operation answers: a resource, a list to be paged by the HTTP room, or nothing. */
export type Reply =
  | {
      readonly status: 200 | 201
      readonly body: object
      /** Where the resource is, below `/v1/projects/:project`. */
      readonly location?: string
    }
  | { readonly status: 200; readonly collection: string; readonly items: Iterable<Listed> }
  | { readonly status: 204 }

export interface Route {
  /** `create_network` */
  readonly operation: string
  /** In the OpenAPI document, where another operation has the same name. */
  readonly operationId?: string
  readonly summary: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/v1/projects/:project`, e.g. `/networks/:network_id`. Parameters ending in `_id` are UUIDs. */
  readonly path: string
  /** The least role that may call it. */
  readonly role: Role
  readonly body?: TSchema
  readonly query?: TSchema
  /** Schema of the resource (of one item, for a list). */
  readonly resource?: TSchema
  /**
   * Looks at a body before its schema does, where what may be in it depends on what it names.
   * @throws PlugboardError
   */
  before?(body: unknown): void
  handle(call: Call): Promise<Reply> | Reply
}

export interface Extension {
  readonly alias: string
  readonly name: string
  readonly description: string
  /** Aliases of the loaded engines that offer it. */
  readonly engines: readonly string[]
  readonly routes: readonly Route[]
}

/** A route whose handler sees its body with the type of its schema. */
export function route<Body extends TSchema>(
  definition: Omit<Route, 'body' | 'handle'> & { body: Body; handle(call: Call<Static<Body>>): Promise<Reply> | Reply },
): Route {
  return { ...definition, handle: (call) => definition.handle(call as Call<Static<Body>>) }
}
