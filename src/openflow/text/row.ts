/** A kind of action in text: how it is printed, and the words that it is read by. */
import type { Action } from '../actions.ts'

/** How the actions within an action are printed. */
export interface Printing {
  print(actions: readonly Action[]): string
}

/** How they are read: no deeper than a switch takes them. */
export interface Parsing {
  parse(text: string): Action[]
}

/** What stands behind the word, without the parentheses or the colon. */
export type Parser = (text: string, nested: Parsing) => Action

export type Printers<Type extends Action['type']> = {
  readonly [T in Type]: (action: Extract<Action, { readonly type: T }>, nested: Printing) => string
}

export type Parsers = ReadonlyArray<readonly [word: string, parse: Parser]>
