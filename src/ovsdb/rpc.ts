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

const MAX_EXCERPT_CHARACTERS = 200

/** The beginning of a JSON text, for logs and errors. The value may be very large. */
export const excerpt = (json: unknown): string => {
  let text = ''
  for (const piece of piecesOf(json)) {
    text += piece
    if (text.length > MAX_EXCERPT_CHARACTERS) return `${text.slice(0, MAX_EXCERPT_CHARACTERS)}…`
  }
  return text
}

function* piecesOf(json: unknown): Generator<string> {
  if (typeof json === 'string') yield JSON.stringify(json.slice(0, MAX_EXCERPT_CHARACTERS + 1))
  else if (Array.isArray(json)) {
    yield '['
    for (const [index, element] of json.entries()) {
      if (index > 0) yield ','
      yield* piecesOf(element)
    }
    yield ']'
  } else if (isObject(json)) {
    yield '{'
    let isFirst = true
    for (const name in json) {
      if (!isFirst) yield ','
      isFirst = false
      yield* piecesOf(name)
      yield ':'
      yield* piecesOf(json[name])
    }
    yield '}'
  } else yield JSON.stringify(json) ?? 'undefined'
}

const malformed = (json: unknown): OvsdbError =>
  new OvsdbError('malformed-message', `not a JSON-RPC message: ${excerpt(json)}`)
