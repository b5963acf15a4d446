/** The one error class of the library, and the errors that many of its files throw. */
import { versionName } from './versions.ts'

/** An error as an ERROR message carries it (OpenFlow 1.5.1, 7.5.4). */
export interface ErrorValue {
  readonly errorType: number
  readonly code: number
  /** Set if `errorType` is 0xffff. `code` is then one of the experimenter's own. */
  readonly experimenter?: number
}

/** Why an `OpenFlowError` was thrown. */
export type OpenFlowErrorCode =
  /** The octets are not a valid OpenFlow message. */
  | 'malformed'
  /** The field cannot hold the value. */
  | 'out-of-range'
  /** The text is not a valid flow, match, action, group or meter. */
  | 'bad-text'
  /** The peer answered with an ERROR message. */
  | 'refused'
  /** A message of a bundle was refused, so the whole bundle was discarded. */
  | 'bundle-refused'
  /** The connection has ended. The message says why. */
  | 'closed'
  /** The peer speaks none of the offered versions. */
  | 'no-common-version'
  /** Nothing listens at the address, or the TLS handshake failed. */
  | 'not-connected'
  /** A key or a certificate cannot be read. */
  | 'bad-credentials'
  /** The peer did not answer, or did not read, in time. */
  | 'timeout'

interface More {
  readonly offset?: number
  readonly error?: ErrorValue
  readonly cause?: unknown
}

/** Thrown for what cannot be encoded, decoded or done. `cause` is the underlying error, if there is one. */
export class OpenFlowError extends Error {
  /** One of a closed list of codes, for programs to decide by. */
  readonly code: OpenFlowErrorCode
  /** The offset in the message in octets, or in the text in characters. */
  readonly offset: number | undefined
  /** The error to answer the peer with, or the error that the peer answered with. */
  readonly error: ErrorValue | undefined

  /** @param message a description for people */
  constructor(code: OpenFlowErrorCode, message: string, more: More = {}) {
    super(message, { cause: more.cause })
    this.name = 'OpenFlowError'
    this.code = code
    this.offset = more.offset
    this.error = more.error
  }
}

/** The error for a value that its field does not take. */
export const refusal = (name: string, value: unknown, takes: string): OpenFlowError =>
  new OpenFlowError(
    'out-of-range',
    `${name} holds ${typeof value === 'bigint' ? `${value}n` : value}: it takes ${takes}`,
  )

/** @throws OpenFlowError `out-of-range` if `values` is not an array */
export function checkList(name: string, values: readonly unknown[]): void {
  if (!Array.isArray(values)) throw refusal(name, values, 'an array')
}

/** The error for something that this version does not have. */
export const lacking = (version: number, what: string): OpenFlowError =>
  new OpenFlowError('out-of-range', `${what}: ${versionName(version)} has none`)
