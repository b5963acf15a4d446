/** Bodies whose fields depend on an engine. The route accepts the fields of every engine; then the object's own engine checks. */
import { isDeepStrictEqual } from 'node:util'
import { type TProperties, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { ObjectSchema } from '../engine/engine.ts'
import { PlugboardError } from '../errors.ts'

/** The properties of all these schemas, none of them required. If two schemas have a property, it may match either one. */
export function fieldsOf(schemas: Iterable<ObjectSchema>): TProperties {
  const all = new Map<string, TSchema[]>()
  for (const { properties } of schemas) {
    for (const [name, schema] of Object.entries(properties)) {
      const others = all.get(name) ?? []
      if (!others.some((other) => isDeepStrictEqual(other, schema))) all.set(name, [...others, schema])
    }
  }
  return Object.fromEntries(
    [...all].map(([name, [first = {}, ...more]]) => [
      name,
      Type.Optional(more.length === 0 ? first : Type.Union([first, ...more])),
    ]),
  )
}

/**
 * Checks that a value has only the fields of a schema.
 * @param what the words for the value in an error
 * @param within the field of the body that contains the value, if it is not the whole body
 * @throws PlugboardError `bad-request`, which names the first wrong field
 */
export function only(
  schema: ObjectSchema,
  fields: Readonly<Record<string, unknown>>,
  what: string,
  within?: string,
): void {
  const at = (field: string) => (within === undefined ? field : `${within}.${field}`)
  const known = Object.keys(schema.properties)
  const words = known.length > 0 ? `it takes ${known.join(', ')}` : 'it takes no such field'
  for (const field of Object.keys(fields)) {
    if (known.includes(field)) continue
    throw new PlugboardError('bad-request', `"${field}" is no field of ${what}: ${words}`, { field: at(field) })
  }
  const [error] = Value.Errors(schema, fields)
  if (!error) return
  const missing = schema.required?.find((name) => !(name in fields))
  const field = missing ?? error.instancePath.slice(1).split('/')[0] ?? ''
  const detail = missing ? `${what} takes "${missing}"` : `"${field}" of ${what} ${error.message}`
  throw new PlugboardError('bad-request', detail, { field: at(field) })
}
