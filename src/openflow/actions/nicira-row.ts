/**
 * The shape of a row in the tables of Nicira's actions: experimenter 0x2320, then a subtype of 16 bits, then what
 * `write` and `read` do.
 */

import type { Reader, Writer } from '../wire/cursor.ts'
import type { Action } from './actions.ts'

/** Writes and reads nested actions. It is handed to the rows, because nested actions may be of any kind. */
export interface Nested {
  write(w: Writer, actions: readonly Action[]): void
  read(r: Reader): Action[]
}

/**
 * `write` and `read` begin after the type, the length and the experimenter. `write` begins with the subtype, `read`
 * after it.
 */
export interface Row<Value> {
  readonly subtypes: readonly number[]
  write(w: Writer, action: Value, nested: Nested): void
  /** @returns undefined if the action is to be kept as octets */
  read(r: Reader, subtype: number, nested: Nested): Value | undefined
}

/** A row for each kind in a family of actions. */
export type Rows<Family extends { readonly type: string }> = {
  readonly [Type in Family['type']]: Row<Extract<Family, { readonly type: Type }>>
}

/** The depth of nested actions that are decoded. Deeper ones are kept as octets. */
export const MAX_DEPTH = 64

/** An object with one property, or an empty one if the value is undefined. */
export const given = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } => (value === undefined ? {} : ({ [name]: value } as { [N in Name]: Value }))

/** An object with one property that is true, or an empty one if the flag is not set. */
export const flag = <Name extends string>(name: Name, set: number): { readonly [N in Name]?: true } =>
  set === 0 ? {} : ({ [name]: true } as { [N in Name]: true })
