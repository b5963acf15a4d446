/** Turns an error of schema validation into a sentence that says what is wrong and how to correct it. */
import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import { PlugboardError } from '../core/errors.ts'
import { OPAQUE, UUID } from '../core/resources/common-fields.ts'

const WORDS: Readonly<Record<string, string>> = {
  [UUID]: 'a lower-case UUID, such as 3f2a9c1e-0b6d-4c57-9d2e-5b8a7f1c0e44',
  [OPAQUE]: '1 to 64 of the characters A-Z a-z 0-9 . _ -',
}

/** @param part `body`, `querystring`, `params` or `headers` */
export function validationProblem(error: FastifySchemaValidationError, part: string | undefined): PlugboardError {
  const path = error.instancePath.split('/').filter(Boolean)
  const { keyword, params } = error
  if (keyword === 'additionalProperties') {
    const name = String(params.additionalProperty)
    const field = [...path, name].join('.')
    const what = part === 'querystring' ? 'query parameter' : 'field'
    return new PlugboardError('bad-request', `there is no ${what} "${field}" here: leave it out`, { field })
  }
  if (keyword === 'required') {
    const field = [...path, String(params.missingProperty)].join('.')
    return new PlugboardError('bad-request', `"${field}" is missing`, { field })
  }
  if (path.length === 0) {
    return new PlugboardError(
      'bad-request',
      'the request needs a JSON object as its body, with content-type application/json',
    )
  }
  const field = path.join('.')
  return new PlugboardError('bad-request', `"${field}" ${rightOf(keyword, params, error.message)}`, { field })
}

function rightOf(keyword: string, params: Readonly<Record<string, unknown>>, message = 'is not valid'): string {
  switch (keyword) {
    case 'pattern':
      return `must be ${WORDS[String(params.pattern)] ?? `of the form ${params.pattern}`}`
    case 'type':
      return `must be of type ${params.type}`
    case 'enum':
      return `must be one of ${(params.allowedValues as readonly unknown[]).join(', ')}`
    case 'const':
      return `must be "${params.allowedValue}"`
    case 'maxLength':
      return `must have at most ${params.limit} characters`
    default:
      return message
  }
}
