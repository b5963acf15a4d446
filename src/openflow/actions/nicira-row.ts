/** What a row of Nicira's actions is: experimenter 0x2320, then a subtype of 16 bits, then what `write` and `read` say. */

import type { Reader, Writer } from '../wire/cursor.ts'
import type { Action } from './actions.ts'

/** How nested actions are written and read: handed in, since they may be of any kind. */
export interface Nested {
  write(w: Writer, actions: readonly Action[]): void
  read(r: Reader): Action[]
}

/** Both begin after the type, its length and the experimenter; `write` with the subtype, `read` behind it. */
export interface Row<Value> {
  readonly subtypes: readonly number[]
  write(w: Writer, action: Value, nested: Nested): void
  /** @returns undefined if it is to be kept as bytes */
  read(r: Reader, subtype: number, nested: Nested): Value | undefined
}

/** A row for each type of a family of actions. */
export type Rows<Family extends { readonly type: string }> = {
  readonly [Type in Family['type']]: Row<Extract<Family, { readonly type: Type }>>
}

/** Actions within actions that are understood; deeper ones are bytes. */
export const DEEPEST = 64

/** With the name, if there is something to say of it. */
export const given = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } => (value === undefined ? {} : ({ [name]: value } as { [N in Name]: Value }))

/** Flags that are set. */
export const flag = <Name extends string>(name: Name, set: number): { readonly [N in Name]?: true } =>
  set === 0 ? {} : ({ [name]: true } as { [N in Name]: true })
