/** The interface of an HTTP API, and what it uses. The server adds authentication, problems, metrics and the OpenAPI document. */
import type { FastifyPluginAsync } from 'fastify'
import type { EventLog } from '../core/event-log.ts'
import type { Operations } from '../core/operations.ts'

export interface ApiContext {
  readonly operations: Operations
  readonly events: EventLog
  /** Ends a stream that its reader does not read. */
  readonly unread: { readonly seconds: number; ended(): void }
  /** The version of the program. */
  readonly version: string
  /** Returns the OpenAPI document of the API. Call it only when the server is ready. */
  readonly document: () => object
}

export interface Api {
  /** The beginning of all its paths: `/v1`. */
  readonly prefix: string
  /** The path of its OpenAPI document. */
  readonly documentPath: string
  /** Registers the routes that need no token. */
  open(context: ApiContext): FastifyPluginAsync
  /**
   * Registers the routes that need a token. `request.caller` is the caller; `config.role` of a route is the least role, `reader` if
   * left out. A route of a project must name its path parameter `:project`: then the server refuses tokens of other projects.
   */
  guarded(context: ApiContext): FastifyPluginAsync
}
