/** The responses of a route, for its schema: successful ones by status, and problems for all others. */
import { type TSchema, Type } from 'typebox'
import { Problem } from './problems.ts'

const PROBLEMS = Type.Unsafe({ ...Problem, description: 'RFC 9457' })

/** Descriptions of the successful statuses. */
const WORDS: Readonly<Record<number, string>> = {
  200: 'as it is: all that was asked for is done',
  201: 'made',
  202: 'accepted and durable, but not all of the switches concerned have confirmed; the object as it is',
  204: 'done, confirmed by every connected switch concerned',
}

export const responses = (good: Readonly<Record<number, TSchema>>) => ({
  ...described(good),
  '4xx': { description: 'what was wrong', content: { 'application/problem+json': { schema: PROBLEMS } } },
  '5xx': { description: 'it cannot be done now', content: { 'application/problem+json': { schema: PROBLEMS } } },
})

const described = (good: Readonly<Record<number, TSchema>>): Record<number, TSchema> =>
  Object.fromEntries(
    Object.entries(good).map(([status, schema]) => [status, { description: WORDS[Number(status)], ...schema }]),
  )
