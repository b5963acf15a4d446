/** Errors that a server reports -> `OvsdbError`: the code, and the table and column that the error is about. */
import { type ErrorCode, OvsdbError } from './ovsdb-error.ts'
import { excerpt } from './rpc.ts'

/** Words of the server beyond this length are cut: they come into logs and errors. */
const MAX_WORDS_CHARACTERS = 1_000

/** A table, and one of its columns if it is known which. */
export interface ErrorPlace {
  readonly table?: string
  readonly column?: string
}

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

/** The sentences of ovsdb-server that name a table, a column or both (ovsdb/transaction.c, execution.c, column.c and others). */
const SENTENCES: readonly RegExp[] = [
  /No column (?<column>\S+) in table (?<table>\w+)/,
  /No table named (?<table>\S+?)\.?$/,
  /Cannot (update|mutate) immutable column (?<column>\w+) in table (?<table>\w+)/,
  /Table (?<table>\w+) column (?<column>\w+) row/,
  /cannot delete (?<table>\w+) row/,
  /[Cc]olumn "(?<column>\w+)" in "(?<table>\w+)" row/,
  /rows in "(?<table>\w+)" table .* for index on column "(?<column>\w+)"/,
  /rows in "(?<table>\w+)" table/,
  /causes "(?<table>\w+)" table to contain/,
  /within the "(?<table>\w+)" table/,
  /applied to column (?<column>\w+) of type/,
]

/** What the server's words name. */
function namedIn(words: string): ErrorPlace {
  for (const sentence of SENTENCES) {
    const { table, column } = sentence.exec(words)?.groups ?? {}
    if (table ?? column) return { ...(table && { table }), ...(column && { column }) }
  }
  return {}
}

/**
 * RFC 7047 section 3.1, <error>: an object with "error" and "details". Some methods answer with a plain string.
 * @param what the request that was refused
 * @param asked what the request is about, where the server's words do not say it
 */
export const refusal = (error: unknown, what: string, asked: ErrorPlace = {}, operation?: number): OvsdbError => {
  const { error: word = error, details } =
    typeof error === 'object' && error !== null ? (error as { error?: unknown; details?: unknown }) : {}
  const name = typeof word === 'string' ? word.slice(0, MAX_WORDS_CHARACTERS) : excerpt(word)
  const words = typeof details === 'string' ? `${name}: ${details.slice(0, MAX_WORDS_CHARACTERS)}` : name
  const { table, column } = { ...asked, ...namedIn(words) }
  const where = table === undefined ? '' : ` of ${table}${column === undefined ? '' : `.${column}`}`
  const options = { words, operation, table, column, cause: error }
  return new OvsdbError(WORDS.get(name) ?? 'server-error', `${what}${where}: ${words}`, options)
}
