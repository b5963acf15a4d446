/** Parts of route schemas that several resources share. */
import { type TSchema, Type } from 'typebox'
import { OPAQUE } from '../../core/resources/common-fields.ts'
import { PageQuery } from './lists.ts'

/** The schema of a path's parameters. Ids have no pattern, because a malformed id must be a 404. */
export function paramsOf(path: string, words: { readonly project?: object; readonly id?: object } = {}): TSchema {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const project = Type.String({ pattern: OPAQUE, ...words.project })
  return Type.Object(
    Object.fromEntries(names.map((name) => [name, name === 'project' ? project : Type.String({ ...words.id })])),
  )
}

export const Paged = Type.Object(PageQuery, { additionalProperties: false })
export const NoQuery = Type.Object({}, { additionalProperties: false })
export const IfMatch = { 'if-match': Type.Optional(Type.String({ description: 'the ETag that it must still have' })) }
export const Prefer = { prefer: Type.Optional(Type.String({ description: 'wait=<seconds>, at most 60' })) }
export const Nothing = Type.Null()

/** @param name the field with the items */
export const listOf = (name: string, item: TSchema): TSchema =>
  Type.Object({
    [name]: Type.Array(item),
    next: Type.Union([Type.String(), Type.Null()], { description: 'marker of the next page' }),
  })
