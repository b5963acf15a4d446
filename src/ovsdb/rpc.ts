/** JSON-RPC 1.0 as RFC 7047 section 4 uses it: the three kinds of messages. */
import { OvsdbError } from './ovsdb-error.ts'

export type Message =
  | { readonly kind: 'request'; readonly id: unknown; readonly method: string; readonly params: readonly unknown[] }
  | { readonly kind: 'notification'; readonly method: string; readonly params: readonly unknown[] }
  | { readonly kind: 'reply'; readonly id: unknown; readonly result: unknown; readonly error: unknown }

/** A JSON object whose members are not checked yet. */
export interface JsonObject {
  readonly [name: string]: unknown
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @throws OvsdbError malformed-message */
export const messageOf = (json: unknown): Message => {
  if (!isObject(json)) throw malformed(json)
  const { id = null, method, params, result = null, error = null } = json
  if (method === undefined) {
    if (!('result' in json || 'error' in json)) throw malformed(json)
    return { kind: 'reply', id, result, error }
  }
  if (typeof method !== 'string' || !Array.isArray(params)) throw malformed(json)
  return id === null ? { kind: 'notification', method, params } : { kind: 'request', id, method, params }
}

/** The beginning of a JSON text, for logs and errors. */
export const excerpt = (json: unknown): string => {
  const text = JSON.stringify(json) ?? 'undefined'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

const malformed = (json: unknown): OvsdbError =>
  new OvsdbError('malformed-message', `not a JSON-RPC message: ${excerpt(json)}`)
