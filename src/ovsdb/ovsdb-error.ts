/**
 * The error class of the library, and the table of its codes with their meanings. The codes are closed, so callers may
 * switch over them.
 */
export const ERRORS = {
  // Errors of the connection. It is closed, or was never made.
  'cannot-connect': 'The server could not be reached',
  'bad-target': 'The text is not a connection method of OVS',
  'unfit-server': 'The server does not serve the database, or not in the required way',
  'cannot-listen': 'The address could not be listened on',
  closed: 'The connection is closed',
  'malformed-message': 'The peer sent something that is not JSON-RPC',
  'message-too-large': 'The peer sent a message over the limit',
  'unexpected-reply': 'The peer answered a request that was never sent',
  'monitor-canceled': 'The monitored database is gone or has another schema',
  'inconsistent-update': 'An update does not fit the known rows',
  'no-answer': 'The peer sent nothing and did not answer a probe',
  'peer-not-reading': 'The peer does not read what is sent to it',
  'listener-failed': 'A callback of the program threw',
  // Errors of values, in either direction.
  'bad-value': 'The value does not fit its column',
  // Errors that the server reports (RFC 7047 sections 3.1, 4.1 and 5), see WORDS.
  'unknown-method': 'The server does not know the method',
  'unknown-database': 'The server does not have the database',
  'syntax-error': 'The server cannot read the request',
  'unknown-monitor': 'The server does not have the monitor',
  'duplicate-uuid': 'An insertion has the UUID of another row',
  'duplicate-uuid-name': 'Two insertions have the same uuid-name',
  'constraint-violation': 'A constraint of the schema does not hold',
  'referential-integrity-violation': 'A referenced row does not exist',
  'domain-error': 'A division by zero',
  'range-error': 'The result of a mutation is out of range',
  'timed-out': 'A wait operation timed out',
  'not-supported': 'The server does not support the operation',
  canceled: 'The transaction was canceled before its result was known',
  'cluster-error': 'The cluster could not reach agreement, for example without a leader',
  aborted: 'The transaction was aborted by its abort operation',
  'not-owner': 'The lock is not held',
  'not-allowed': 'The server does not allow this',
  'resources-exhausted': 'The server lacks memory or disk',
  'io-error': 'The server could not write to its disk',
  'server-error': 'The server refused with an error that this library does not know',
} as const

/**
 * Why an `OvsdbError` was thrown: one of a closed list, for programs to decide by. The README has the meaning of each.
 */
export type ErrorCode = keyof typeof ERRORS

const WORDS: ReadonlyMap<string, ErrorCode> = new Map([
  ['unknown method', 'unknown-method'],
  ['unknown database', 'unknown-database'],
  ['syntax error', 'syntax-error'],
  ['unknown monitor', 'unknown-monitor'],
  ['duplicate uuid', 'duplicate-uuid'],
  ['duplicate uuid-name', 'duplicate-uuid-name'],
  ['constraint violation', 'constraint-violation'],
  ['referential integrity violation', 'referential-integrity-violation'],
  ['domain error', 'domain-error'],
  ['range error', 'range-error'],
  ['timed out', 'timed-out'],
  ['not supported', 'not-supported'],
  ['canceled', 'canceled'],
  ['cluster error', 'cluster-error'],
  ['aborted', 'aborted'],
  ['not owner', 'not-owner'],
  ['not allowed', 'not-allowed'],
  ['permission error', 'not-allowed'],
  ['resources exhausted', 'resources-exhausted'],
  ['I/O error', 'io-error'],
])

/**
 * Thrown if a server refuses a request, or if something is wrong with the server or the connection. `cause` is the
 * underlying error, if there is one.
 */
export class OvsdbError extends Error {
  /** One of a closed list of codes, for programs to decide by. */
  readonly code: ErrorCode
  /** The server's own words, if it answered: `constraint violation: cannot delete Port row …`. */
  readonly words: string | undefined
  /** Index of the operation that failed. Undefined if no single operation failed, as when the commit itself did. */
  readonly operation: number | undefined

  /** @param detail a description for people; by default the meaning of the code */
  constructor(
    code: ErrorCode,
    detail: string = ERRORS[code],
    options: { readonly cause?: unknown; readonly words?: string; readonly operation?: number | undefined } = {},
  ) {
    super(detail, 'cause' in options ? { cause: options.cause } : {})
    this.name = 'OvsdbError'
    this.code = code
    this.words = options.words
    this.operation = options.operation
  }
}

/** RFC 7047 section 3.1, <error>: an object with "error" and "details". Some methods answer with a plain string. */
export const refusal = (error: unknown, what: string, operation?: number): OvsdbError => {
  const { error: word = error, details } =
    typeof error === 'object' && error !== null ? (error as { error?: unknown; details?: unknown }) : {}
  const name = typeof word === 'string' ? word : JSON.stringify(word)
  const words = typeof details === 'string' ? `${name}: ${details}` : name
  return new OvsdbError(WORDS.get(name) ?? 'server-error', `${what}: ${words}`, { words, operation, cause: error })
}
