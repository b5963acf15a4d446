/** A kind of action in text: how it is printed, and the words that it is read by. */
import type { Action } from '../actions/actions.ts'

/** How the actions within an action are printed. */
export interface Printing {
  print(actions: readonly Action[]): string
}

/** What is known of the packets that an action is for, by the match and the actions before it. */
export interface Packets {
  readonly protocol: number | undefined
  readonly isTagged: boolean
}

/** How they are read: no deeper than a switch takes them. */
export interface Parsing {
  readonly packets: Packets
  parse(text: string): Action[]
}

/** What stands behind the word, without the parentheses or the colon; a word of OpenFlow 1.0 may be several actions. */
export type Parser = (text: string, nested: Parsing) => Action | Action[]

export type Printers<Type extends Action['type']> = {
  readonly [T in Type]: (action: Extract<Action, { readonly type: T }>, nested: Printing) => string
}

export type Parsers = ReadonlyArray<readonly [word: string, parse: Parser]>
