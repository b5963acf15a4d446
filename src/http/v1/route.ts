/** A route as data. Its schema, its OpenAPI entry and the documents of extensions are made from it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type TProperties, type TSchema, Type } from 'typebox'
import type { Caller, Role } from '../../core/caller.ts'
import type { ProjectId } from '../../core/operations.ts'
import type { Expected } from '../../core/resources/objects.ts'
import { responses } from '../responses.ts'
import { expectedOf } from './headers.ts'
import { NoQuery, paramsOf } from './schemas.ts'

/** The path of a project's resources. */
export const PROJECT = '/v1/projects/:project'

export interface Call<Body = unknown> {
  readonly caller: Caller
  /** The project in the path, if the path has one. */
  readonly project: ProjectId
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: Body
  /** The revisions that `If-Match` accepts. */
  readonly expected: Expected
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export interface Route {
  /** The name of the operation: `create_network`. */
  readonly operation: string
  /** The operation's id in the OpenAPI document, if another route has the same operation. */
  readonly operationId?: string
  /** The route exists only if a loaded engine offers an extension with it. */
  readonly isOptional?: true
  readonly summary: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The path: `/v1/projects/:project/vnics/:vnic_id`. */
  readonly path: string
  /** The least role that may call the route. */
  readonly role: Role
  readonly headers?: TProperties
  readonly query?: TSchema
  readonly body?: TSchema
  /** The schema of the response for each successful status. */
  readonly responses: Readonly<Record<number, TSchema>>
  /** Checks a body before the schema does. @throws PlugboardError */
  check?(body: unknown): void
  answer(call: Call): Promise<unknown>
}

export const operationIdOf = ({ operation, operationId = operation }: Route): string => operationId

/** Descriptions of path parameters, for the routes of extensions. The routes of the core have none. */
const WORDS = {
  project: { description: 'comes into being with its first object' },
  id: { description: 'a lower-case UUID' },
}

/** Registers a route. @param extension the extension that offers the route; undefined if the route always exists */
export function mount(app: FastifyInstance, route: Route, extension?: string): void {
  const { method, path, role, summary, headers, query = NoQuery, body } = route
  const tagged = extension !== undefined
  app.route({
    method,
    url: path,
    config: { role },
    schema: {
      operationId: operationIdOf(route),
      summary,
      ...(tagged && { tags: [extension] }),
      ...(path.includes(':') && { params: paramsOf(path, tagged ? WORDS : {}) }),
      querystring: query,
      ...(headers && { headers: Type.Object(headers) }),
      ...(body && { body }),
      response: responses(route.responses),
    },
    preValidation: async (request) => route.check?.(request.body),
    handler: (request, reply) => {
      const params = request.params as Record<string, string>
      return route.answer({
        caller: request.caller,
        project: params.project as ProjectId,
        params,
        query: request.query as Record<string, unknown>,
        body: request.body,
        expected: headers && 'if-match' in headers ? expectedOf(request.headers['if-match']) : null,
        request,
        reply,
      })
    },
  })
}
