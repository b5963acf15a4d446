/** Reads bodies: JSON in UTF-8 (RFC 8259). Other text is refused: read as UTF-8, it would be a different text. */
import type { FastifyRequest } from 'fastify'
import { PlugboardError } from '../core/errors.ts'
import { quoted } from '../core/quoted.ts'

type Done = (error: Error | null, body?: unknown) => void
type Parse = (request: FastifyRequest, body: string, done: Done) => void

const UTF_8 = /^(utf-?8|us-ascii)$/i
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i

const DECODER = new TextDecoder('utf-8', { fatal: true })

/** @param parse parses the text of a body that is not empty */
export const jsonBody =
  (parse: Parse) =>
  (request: FastifyRequest, body: Buffer, done: Done): void => {
    const text = textOf(request.headers['content-type'] ?? '', body)
    if (text instanceof PlugboardError) done(text)
    else if (text === '') done(null, undefined)
    else parse(request, text, done)
  }

function textOf(contentType: string, body: Buffer): string | PlugboardError {
  const charset = CHARSET.exec(contentType)?.[1]
  if (charset !== undefined && !UTF_8.test(charset))
    return wrong(`is in charset ${quoted(charset)}: it must be in UTF-8`)
  try {
    return DECODER.decode(body)
  } catch (cause) {
    return wrong('has octets that are not UTF-8: it must be in UTF-8', cause)
  }
}

const wrong = (what: string, cause?: unknown): PlugboardError =>
  new PlugboardError('bad-request', `the body ${what}`, { cause })
