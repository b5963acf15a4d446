/** Converts query parameters, which arrive as text, to the integers and booleans of their schema. */
import type { FastifyRequest } from 'fastify'

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>
}

export async function convertQuery(request: FastifyRequest): Promise<void> {
  const { properties = {} } = (request.routeOptions.schema?.querystring ?? {}) as ObjectSchema
  const query = request.query as Record<string, unknown>
  for (const [name, value] of Object.entries(query)) {
    const type = properties[name]?.type
    if (type === 'integer' && typeof value === 'string' && /^-?\d{1,15}$/.test(value)) query[name] = Number(value)
    if (type === 'boolean' && (value === 'true' || value === 'false')) query[name] = value === 'true'
  }
}
