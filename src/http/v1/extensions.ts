/** Extensions: what there is, and their routes mounted from the data that they carry. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type TSchema, Type } from 'typebox'
import type { ProjectId } from '../../../topology/ids.ts'
import type { Extension, Reply, Route } from '../../core/engine/extension.ts'
import { PlugboardError } from '../../core/errors.ts'
import { resource } from './answers.ts'
import { expectedOf } from './headers.ts'
import { type Page, page } from './lists.ts'
import { answers, IfMatch, listOf, NoQuery, Nothing, Paged, paramsOf } from './schemas.ts'

const ExtensionView = Type.Object(
  {
    alias: Type.String(),
    name: Type.String(),
    description: Type.String(),
    engines: Type.Array(Type.String(), { description: 'the engines that offer it' }),
    operations: Type.Array(
      Type.Object({
        operation: Type.String(),
        method: Type.String(),
        path: Type.String(),
        summary: Type.String(),
        role: Type.String(),
      }),
    ),
  },
  { title: 'extension' },
)

const BASE = '/v1/projects/:project'

const viewOf = ({ alias, name, description, engines, routes }: Extension) => ({
  alias,
  name,
  description,
  engines,
  operations: routes.map(({ operation, method, path, summary, role }) => ({
    operation,
    method,
    path: `${BASE}${path}`.replaceAll(/:(\w+)/g, '{$1}'),
    summary,
    role,
  })),
})

export const extensionRoutes =
  (extensions: readonly Extension[]): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/extensions',
      {
        schema: {
          operationId: 'list_extensions',
          summary: 'The extensions that this controller has',
          querystring: Paged,
          response: answers({ 200: listOf('extensions', ExtensionView) }),
        },
      },
      async ({ query }) => {
        const items = extensions.map((extension, key) => ({ key, view: () => viewOf(extension) }))
        return page('extensions', items, query)
      },
    )

    app.get(
      '/v1/extensions/:alias',
      {
        schema: {
          operationId: 'show_extension',
          summary: 'An extension and its operations',
          params: Type.Object({ alias: Type.String() }),
          response: answers({ 200: ExtensionView }),
        },
      },
      async ({ params: { alias } }) => {
        const found = extensions.find((extension) => extension.alias === alias)
        if (found) return viewOf(found)
        const known = extensions.map((extension) => extension.alias).join(', ')
        throw new PlugboardError('not-found', `there is no extension "${alias}": there are ${known}`)
      },
    )

    const mounted = new Set<Route>()
    for (const { alias, routes } of extensions) {
      for (const route of routes) {
        // Extensions may share one.
        if (!mounted.has(route)) mount(app, alias, route)
        mounted.add(route)
      }
    }
  }

function mount(app: Parameters<FastifyPluginAsyncTypebox>[0], alias: string, route: Route): void {
  const { operation, operationId = operation, summary, method, path, role, body, query } = route
  const list = method === 'GET' && !/:\w+$/.test(path)
  const changes = method !== 'GET' && method !== 'POST'
  app.route({
    method,
    url: `${BASE}${path}`,
    config: { role },
    schema: {
      operationId,
      summary,
      tags: [alias],
      params: paramsOf(`${BASE}${path}`),
      querystring: query ?? (list ? Paged : NoQuery),
      ...(body ? { body } : {}),
      ...(changes ? { headers: Type.Object(IfMatch) } : {}),
      response: answers(goodAnswers(route, list)),
    },
    preValidation: async ({ body }) => route.before?.(body),
    handler: async (request, reply) => {
      const params = request.params as Record<string, string>
      const answer = await route.handle({
        caller: request.caller,
        project: params.project as ProjectId,
        params,
        query: request.query as Record<string, unknown>,
        body: request.body,
        expected: changes ? expectedOf(request.headers['if-match']) : null,
      })
      if ('collection' in answer) return page(answer.collection, answer.items, request.query as Page)
      if (!('body' in answer)) return reply.code(204).send()
      if (answer.status === 201) locate(reply, params.project, answer)
      return resource(reply, answer.status, answer.body)
    },
  })
}

function goodAnswers(
  { method, path, resource: schema = Type.Object({}) }: Route,
  list: boolean,
): Record<number, TSchema> {
  if (list) return { 200: listOf(path.slice(path.lastIndexOf('/') + 1), schema) }
  if (method === 'POST') return { 201: schema, 200: schema }
  return method === 'DELETE' ? { 204: Nothing } : { 200: schema }
}

function locate(
  reply: { header(name: string, value: string): unknown },
  project: string | undefined,
  answer: Extract<Reply, { body: object }>,
): void {
  if (answer.location !== undefined) reply.header('location', `/v1/projects/${project}${answer.location}`)
}
