/** A route as data, from which its schema, its OpenAPI entry and the extension documents are made. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type TProperties, type TSchema, Type } from 'typebox'
import type { Caller, Role } from '../../core/caller.ts'
import type { ProjectId } from '../../core/operations.ts'
import type { Expected } from '../../core/resources/objects.ts'
import { responses } from '../responses.ts'
import { expectedOf } from './headers.ts'
import { NoQuery, paramsOf } from './schemas.ts'

/** Where the resources of a project are. */
export const PROJECT = '/v1/projects/:project'

export interface Call<Body = unknown> {
  readonly caller: Caller
  /** Of a path that has one. */
  readonly project: ProjectId
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: Body
  /** What `If-Match` says. */
  readonly expected: Expected
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export interface Route {
  /** `create_network` */
  readonly operation: string
  /** In the OpenAPI document, where another route has the same operation. */
  readonly operationId?: string
  /** It is there only if a loaded engine offers an extension that has it. */
  readonly isOptional?: true
  readonly summary: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/v1/projects/:project/vnics/:vnic_id` */
  readonly path: string
  /** The least role that may call it. */
  readonly role: Role
  readonly headers?: TProperties
  readonly query?: TSchema
  readonly body?: TSchema
  /** The schema of each good status. */
  readonly responses: Readonly<Record<number, TSchema>>
  /** Looks at a body before the schema does. @throws PlugboardError */
  check?(body: unknown): void
  answer(call: Call): Promise<unknown>
}

export const operationIdOf = ({ operation, operationId = operation }: Route): string => operationId

/** Path parameters of extensions' routes are described; those of the core's are not. */
const WORDS = {
  project: { description: 'comes into being with its first object' },
  id: { description: 'a lower-case UUID' },
}

/** @param extension that offers the route; undefined for a route that is always there */
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
