/** Makes the most common kinds of routes: list, show, create and destroy. */
import type { TSchema } from 'typebox'
import type { Made, Settling } from '../../core/settling.ts'
import type { Listed } from '../../core/views.ts'
import { gone, resource } from './answers.ts'
import { type Page, page } from './lists.ts'
import type { Call, Route } from './route.ts'
import { IfMatch, listOf, Nothing, Paged } from './schemas.ts'

interface Shape extends Pick<Route, 'operation' | 'operationId' | 'isOptional' | 'summary' | 'path'> {
  readonly role?: Route['role']
  /** The schema of the resource; for a list, the schema of one item. */
  readonly resource: TSchema
}

/** The name of the collection: the last part of the path, such as `ports`. */
const collectionOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

export function list({
  resource: item,
  query = Paged,
  items,
  ...shape
}: Shape & { readonly query?: TSchema; items(call: Call): Iterable<Listed> }): Route {
  const collection = collectionOf(shape.path)
  return {
    role: 'reader',
    ...shape,
    method: 'GET',
    query,
    responses: { 200: listOf(collection, item) },
    async answer(call) {
      const refusal = call.request.use?.become('pages')
      if (refusal) throw refusal
      const answer = await page(collection, items(call), call.query as Page)
      call.request.use?.release()
      return answer
    },
  }
}

export const show = ({
  resource: schema,
  find,
  ...shape
}: Shape & { find(call: Call): object | Promise<object> }): Route => ({
  role: 'reader',
  ...shape,
  method: 'GET',
  responses: { 200: schema },
  answer: async (call) => resource(call.reply, 200, await find(call)),
})

interface Create<Body> extends Shape, Pick<Route, 'check'> {
  readonly body: TSchema
  make(call: Call<Body>): Promise<Made<{ readonly id: string }>>
}

export const create = <Body>({ resource: schema, make, ...shape }: Create<Body>): Route => ({
  role: 'member',
  ...shape,
  method: 'POST',
  responses: { 201: schema, 200: schema },
  async answer(call) {
    const { created, view } = await make(call as Call<Body>)
    if (!created) return resource(call.reply, 200, view)
    call.reply.header('location', `/v1/projects/${call.project}/${collectionOf(shape.path)}/${view.id}`)
    return resource(call.reply, 201, view)
  },
})

interface Destroy extends Omit<Shape, 'resource'>, Pick<Route, 'headers'> {
  /** The schema of the resource in a 202; undefined if no switch must confirm. */
  readonly resource?: TSchema
  /** Destroys the resource. @returns nothing if no switch must confirm */
  end(call: Call): Promise<Settling<object>> | Promise<void>
}

export const destroy = ({ resource: schema, end, ...shape }: Destroy): Route => ({
  role: 'member',
  headers: IfMatch,
  ...shape,
  method: 'DELETE',
  responses: { 204: Nothing, ...(schema && { 202: schema }) },
  async answer(call) {
    const settling = await end(call)
    return settling ? gone(call.reply, settling) : call.reply.code(204).send()
  },
})
