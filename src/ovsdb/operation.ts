/** The operations of a transaction as they are on the wire, and their results (RFC 7047 section 5.2). */
import { OvsdbError } from './ovsdb-error.ts'
import { type ErrorPlace, refusal } from './refusal.ts'
import { excerpt, isObject, type JsonObject } from './rpc.ts'
import type { WireValue } from './value.ts'

/** RFC 7047 section 5.1, <row>. */
export interface WireRow {
  readonly [column: string]: WireValue
}

/** RFC 7047 section 5.1, <function>. */
export type Comparison = '<' | '<=' | '==' | '!=' | '>=' | '>' | 'includes' | 'excludes'
/** RFC 7047 section 5.1, <condition>. */
export type WireCondition = readonly [column: string, comparison: Comparison, value: WireValue]
/** RFC 7047 section 5.1, <mutator>. */
export type Mutator = '+=' | '-=' | '*=' | '/=' | '%=' | 'insert' | 'delete'
/** RFC 7047 section 5.1, <mutation>. */
export type WireMutation = readonly [column: string, mutator: Mutator, value: WireValue]

/** RFC 7047 section 5.2.1. `uuid` requires OVS 2.13. */
export interface Insert {
  readonly op: 'insert'
  readonly table: string
  readonly row: WireRow
  readonly uuid?: string
  readonly 'uuid-name'?: string
}

/** The function that reads the rows of a selection. It is not sent. */
export const READ = Symbol('read')

/** RFC 7047 section 5.2.2. */
export interface Select<R = JsonObject> {
  readonly op: 'select'
  readonly table: string
  readonly where: readonly WireCondition[]
  readonly columns?: readonly string[]
  readonly [READ]?: (row: JsonObject) => R
}

/** RFC 7047 section 5.2.3. */
export interface Update {
  readonly op: 'update'
  readonly table: string
  readonly where: readonly WireCondition[]
  readonly row: WireRow
}

/** RFC 7047 section 5.2.4. */
export interface Mutate {
  readonly op: 'mutate'
  readonly table: string
  readonly where: readonly WireCondition[]
  readonly mutations: readonly WireMutation[]
}

/** RFC 7047 section 5.2.5. */
export interface Delete {
  readonly op: 'delete'
  readonly table: string
  readonly where: readonly WireCondition[]
}

/** RFC 7047 section 5.2.6: fails unless the rows are as given, or become so within `timeout` milliseconds. */
export interface Wait {
  readonly op: 'wait'
  readonly table: string
  readonly where: readonly WireCondition[]
  readonly columns: readonly string[]
  readonly until: '==' | '!='
  readonly rows: readonly WireRow[]
  readonly timeout?: number
}

/** RFC 7047 section 5.2.7: with `durable`, the reply comes after the transaction was written to disk. */
export interface Commit {
  readonly op: 'commit'
  readonly durable: boolean
}

/** RFC 7047 section 5.2.8. */
export interface Abort {
  readonly op: 'abort'
}

/** RFC 7047 section 5.2.9: written to the log of the database, see `ovsdb-tool show-log`. */
export interface Comment {
  readonly op: 'comment'
  readonly comment: string
}

/** RFC 7047 section 5.2.10: fails unless this connection holds the lock. */
export interface Assert {
  readonly op: 'assert'
  readonly lock: string
}

/** An operation of a transaction, as it is on the wire. `operations` makes most of them. */
export type Operation = Insert | Select<unknown> | Update | Mutate | Delete | Wait | Commit | Abort | Comment | Assert

/** The result of one operation of a committed transaction. */
export type Result<O extends Operation> = O extends Insert
  ? { readonly uuid: string }
  : O extends Select<infer R>
    ? { readonly rows: readonly R[] }
    : O extends Update | Mutate | Delete
      ? { readonly count: number }
      : Readonly<Record<never, never>>

/** The results of the operations of a transaction, in order. */
export type Results<Os extends readonly Operation[]> = { readonly [I in keyof Os]: Result<Os[I]> }

/**
 * RFC 7047 section 4.1.3: one result per operation, null after a failed one, and one more if the commit itself failed.
 * @throws OvsdbError with the server's words and the index of the operation; malformed-message
 */
export const resultsOf = <const Os extends readonly Operation[]>(operations: Os, reply: unknown): Results<Os> => {
  if (!Array.isArray(reply)) throw malformed(reply)
  for (const [index, result] of reply.entries()) {
    if (!isObject(result) || !('error' in result)) continue
    throw refused(operations[index], index, result)
  }
  return operations.map((operation, index) => resultOf(operation, reply[index])) as unknown as Results<Os>
}

/** @param operation undefined if the commit itself failed */
const refused = (operation: Operation | undefined, index: number, result: JsonObject): OvsdbError =>
  operation === undefined
    ? refusal(result, 'commit')
    : refusal(result, `operation ${index} (${operation.op})`, placeOf(operation), index)

/** The table of an operation, and its column if it is about only one. */
const placeOf = (operation: Operation): ErrorPlace => {
  if (!('table' in operation)) return {}
  const { table } = operation
  const columns = new Set<string>()
  if ('where' in operation) for (const [column] of operation.where) columns.add(column)
  if ('row' in operation) for (const column of Object.keys(operation.row)) columns.add(column)
  if ('mutations' in operation) for (const [column] of operation.mutations) columns.add(column)
  const [column] = columns.size === 1 ? columns : []
  return column === undefined ? { table } : { table, column }
}

const resultOf = (operation: Operation, result: unknown): unknown => {
  if (!isObject(result)) throw malformed(result)
  switch (operation.op) {
    case 'insert': {
      const { uuid } = result
      if (!Array.isArray(uuid) || typeof uuid[1] !== 'string') throw malformed(result)
      return { uuid: uuid[1] }
    }
    case 'select': {
      const { rows } = result
      if (!Array.isArray(rows) || !rows.every(isObject)) throw malformed(result)
      const read = operation[READ]
      return { rows: read === undefined ? rows : rows.map(read) }
    }
    case 'update':
    case 'mutate':
    case 'delete':
      if (typeof result.count !== 'number') throw malformed(result)
      return { count: result.count }
    default:
      return {}
  }
}

const malformed = (json: unknown): OvsdbError =>
  new OvsdbError('malformed-message', `not the result of a transaction: ${excerpt(json)}`)
