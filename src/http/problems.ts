/** Answers every error as `application/problem+json` (RFC 9457), with the codes of `core/errors.ts`. */
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ERRORS, type ErrorCode, PlugboardError } from '../core/errors.ts'
import { SECURITY_HEADERS } from './security-headers.ts'
import { validationProblem } from './validation.ts'

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8'

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'urn:plugboard:error:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what was wrong, and what would be right' }),
    code: Type.Enum(Object.keys(ERRORS) as ErrorCode[]),
    field: Type.Optional(Type.String({ description: 'the field or parameter that is to blame' })),
  },
  { title: 'problem' },
)

export const problemOf = ({ code, status, title, message, field }: PlugboardError) => ({
  type: `urn:plugboard:error:${code}`,
  title,
  status,
  detail: message,
  code,
  ...(field === undefined ? {} : { field }),
})

/** Converts any error to a PlugboardError. An unexpected error becomes `unavailable`, and only the log gets its stack. */
export function asPlugboardError(error: unknown, log: FastifyBaseLogger): PlugboardError {
  if (error instanceof PlugboardError) return error
  const { validation, code, statusCode, message } = error as Partial<FastifyError>
  if (validation?.[0]) return validationProblem(validation[0], (error as FastifyError).validationContext)
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new PlugboardError('too-large', 'the body is over 256 KiB: send less at a time')
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new PlugboardError('bad-request', 'the body is not JSON by its content-type: it must be application/json')
  }
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') {
    return new PlugboardError('bad-request', 'the body is not JSON: it must be one JSON object', { cause: error })
  }
  if (statusCode !== undefined && statusCode < 500) {
    return new PlugboardError('bad-request', message ?? 'the request cannot be read', { cause: error })
  }
  log.error({ err: error }, 'a request failed with an unexpected error')
  return new PlugboardError(
    'unavailable',
    'the request failed; the log of the controller says more under its request id',
  )
}

/** Errors that pass by themselves, and when to try again. */
const RETRIED: readonly ErrorCode[] = ['rate-limited', 'unavailable']
const RETRY_AFTER_S = 1

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = asPlugboardError(error, request.log)
  reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id })
  if (RETRIED.includes(problem.code) && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_S)
  if (problem.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="plugboard"')
  // A 503 without a cause is a refusal, of which there may be very many.
  if (problem.status >= 500 && problem.cause !== undefined)
    request.log.warn({ err: problem }, 'a request could not be served')
  return reply.code(problem.status).type(PROBLEM_JSON).send(problemOf(problem))
}

/** The answer to bytes that are not an HTTP request. @param id the id of the request, for the log */
export function rawProblem(code: ErrorCode, detail: string, id: string): string {
  const problem = new PlugboardError(code, detail)
  const body = JSON.stringify(problemOf(problem))
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${PROBLEM_JSON}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries({ ...SECURITY_HEADERS, 'x-request-id': id }).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
