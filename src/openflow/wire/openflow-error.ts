/** The library's one error class, and what a switch was refused for in words. */
import type { ErrorValue } from './error-values.ts'
import { versionName } from './versions.ts'

/** Why an `OpenFlowError` was thrown. */
export type OpenFlowErrorCode =
  /** Bytes that are no OpenFlow message. */
  | 'malformed'
  /** A value that its field cannot hold. */
  | 'out-of-range'
  /** Text that is no flow, match or action. */
  | 'bad-text'
  /** The peer answered with an ERROR message. */
  | 'refused'
  /** Something of a bundle was refused, so nothing of it was done. */
  | 'bundle-refused'
  /** The connection has ended; the message says why. */
  | 'closed'
  /** The other side speaks none of the versions that are offered. */
  | 'no-common-version'
  /** Nobody listens there, or TLS comes to nothing. */
  | 'not-connected'
  /** A key or a certificate that cannot be read. */
  | 'bad-credentials'
  /** No answer, or nobody who reads, for too long. */
  | 'timeout'

interface More {
  readonly offset?: number
  readonly error?: ErrorValue
  readonly cause?: unknown
}

/** Thrown for what cannot be encoded, decoded or done. `cause` is the error beneath, where there is one. */
export class OpenFlowError extends Error {
  /** From a closed list, to decide by. */
  readonly code: OpenFlowErrorCode
  /** Where in the message (or text), octets (or characters). */
  readonly offset: number | undefined
  /** What should be answered, or what the peer answered. */
  readonly error: ErrorValue | undefined

  /** @param message in words, for people */
  constructor(code: OpenFlowErrorCode, message: string, more: More = {}) {
    super(message, { cause: more.cause })
    this.name = 'OpenFlowError'
    this.code = code
    this.offset = more.offset
    this.error = more.error
  }
}

/** The refusal of a value that is none of those that its field takes. */
export const refusal = (name: string, value: unknown, takes: string): OpenFlowError =>
  new OpenFlowError(
    'out-of-range',
    `${name} holds ${typeof value === 'bigint' ? `${value}n` : value}: it takes ${takes}`,
  )

/** @throws OpenFlowError `out-of-range` if it is no array */
export function checkList(name: string, values: readonly unknown[]): void {
  if (!Array.isArray(values)) throw refusal(name, values, 'an array')
}

/** The refusal of what this version has not. */
export const lacking = (version: number, what: string): OpenFlowError =>
  new OpenFlowError('out-of-range', `${what}: ${versionName(version)} has none`)
