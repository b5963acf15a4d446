/** The tables of actions in text: how each kind is printed, and the words that it is parsed from. */
import type { Action } from '../actions/actions.ts'

/** Prints nested actions. */
export interface Printing {
  print(actions: readonly Action[]): string
}

/** What is known about the packet of an action, from the match and the actions before it. */
export interface Packets {
  readonly protocol: number | undefined
  readonly isTagged: boolean
}

/** Parses nested actions, up to the depth that a switch takes. */
export interface Parsing {
  readonly packets: Packets
  /** @param at the position of the text in the arguments of the action */
  parse(text: string, at?: number): Action[]
}

/**
 * Parses the text after the word, without the colon or the parentheses. A word of OpenFlow 1.0 may stand for several
 * actions.
 */
export type Parser = (text: string, nested: Parsing) => Action | Action[]

export type Printers<Type extends Action['type']> = {
  readonly [T in Type]: (action: Extract<Action, { readonly type: T }>, nested: Printing) => string
}

export type Parsers = ReadonlyArray<readonly [word: string, parse: Parser]>
