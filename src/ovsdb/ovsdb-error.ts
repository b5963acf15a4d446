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
  'message-too-slow': 'A message of the peer did not end in time',
  'too-much-data': 'The server has more data than the replica may have',
  'unexpected-reply': 'The peer answered a request that was never sent',
  'monitor-canceled': 'The monitored database is gone or has another schema',
  'inconsistent-update': 'An update does not fit the known rows',
  'no-answer': 'The peer did not answer a probe or a request in time',
  'peer-not-reading': 'The peer does not read what is sent to it',
  'listener-failed': 'A callback of the program threw',
  // Errors of values, in either direction.
  'bad-value': 'The value does not fit its column',
  // Errors that the server reports (RFC 7047 sections 3.1, 4.1 and 5), see `refusal`.
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

interface OvsdbErrorOptions {
  readonly cause?: unknown
  readonly words?: string
  readonly operation?: number | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
}

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

  /** The table that the error is about, if it is known. */
  readonly table: string | undefined
  /** The column of the table. The server does not always name it. */
  readonly column: string | undefined

  /** @param detail a description for people; by default the meaning of the code */
  constructor(code: ErrorCode, detail: string = ERRORS[code], options: OvsdbErrorOptions = {}) {
    super(detail, 'cause' in options ? { cause: options.cause } : {})
    this.name = 'OvsdbError'
    this.code = code
    this.words = options.words
    this.operation = options.operation
    this.table = options.table
    this.column = options.column
  }
}
