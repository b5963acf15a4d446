/** Parts of route schemas that several resources share. */
import { type TSchema, Type } from 'typebox'
import { Id, OPAQUE } from '../../core/resources/resource-schemas.ts'
import { PageQuery } from './lists.ts'
import { Problem } from './problems.ts'

const Project = Type.String({ pattern: OPAQUE, description: 'comes into being with its first object' })

/** An id in a path: one that is malformed is one that is not there, a 404. */
const PathId = Type.String({ description: 'a lower-case UUID' })

/** The parameters of a path such as `/v1/projects/:project/vnics/:vnic_id`. */
export function paramsOf(path: string): TSchema {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  return Type.Object(Object.fromEntries(names.map((name) => [name, name === 'project' ? Project : PathId])))
}

export const Paged = Type.Object(PageQuery, { additionalProperties: false })
export const NoQuery = Type.Object({}, { additionalProperties: false })
export const IfMatch = { 'if-match': Type.Optional(Type.String({ description: 'the ETag that it must still have' })) }

export const Prefer = { prefer: Type.Optional(Type.String({ description: 'wait=<seconds>, at most 60' })) }

export const listOf = (name: string, item: TSchema): TSchema =>
  Type.Object({
    [name]: Type.Array(item),
    next: Type.Union([Type.String(), Type.Null()], { description: 'marker of the next page' }),
  })

const PROBLEMS = Type.Unsafe({ ...Problem, description: 'RFC 9457' })

/** What a good status says, in the document. */
const WORDS: Readonly<Record<number, string>> = {
  200: 'as it is: all that was asked for is done',
  201: 'made',
  202: 'accepted and durable, but not all of the switches concerned have confirmed; the object as it is',
  204: 'done, confirmed by every connected switch concerned',
}

/** The answers of a route by status, and problems for the rest. */
export const answers = (good: Readonly<Record<number, TSchema>>) => ({
  ...described(good),
  '4xx': { description: 'what was wrong', content: { 'application/problem+json': { schema: PROBLEMS } } },
  '5xx': { description: 'it cannot be done now', content: { 'application/problem+json': { schema: PROBLEMS } } },
})

export const Nothing = Type.Null()

const described = (good: Readonly<Record<number, TSchema>>): Record<number, TSchema> =>
  Object.fromEntries(
    Object.entries(good).map(([status, schema]) => [status, { description: WORDS[Number(status)], ...schema }]),
  )

/** One object at most may select rules. */
export const FlowsQuery = Type.Object(
  {
    vnic_id: Type.Optional(Id),
    port_id: Type.Optional(Id),
    network_id: Type.Optional(Id),
    actual: Type.Optional(Type.Boolean({ description: 'read the switch, too' })),
  },
  { additionalProperties: false },
)
