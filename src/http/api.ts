/** What an HTTP API is, and what it stands on. The server adds the tokens, the problems, the metrics and the OpenAPI document. */
import type { FastifyPluginAsync } from 'fastify'
import type { EventLog } from '../core/event-log.ts'
import type { Operations } from '../core/operations.ts'

export interface ApiContext {
  readonly operations: Operations
  readonly events: EventLog
  /** Of the program. */
  readonly version: string
  /** The OpenAPI document of the API. Call it when the server is ready. */
  readonly document: () => object
}

export interface Api {
  /** All of its paths begin with this: `/v1`. */
  readonly prefix: string
  /** The path of its OpenAPI document. */
  readonly documentPath: string
  /** The routes that need no token. */
  open(context: ApiContext): FastifyPluginAsync
  /** The routes that need a token; `request.caller` says whose it is, and `config.role` of a route the least role. */
  guarded(context: ApiContext): FastifyPluginAsync
}
