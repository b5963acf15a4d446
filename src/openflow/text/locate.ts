/** Says where in a text an error is: each parser knows only its own word, and those around it know where that word stands. */
import { OpenFlowError } from '../wire/openflow-error.ts'

/** A word, and its position in the text that it comes from, in characters. */
export interface Word {
  readonly text: string
  readonly at: number
}

/** @param parts parts of the text in their order, unchanged and without overlaps @param at the position of the text itself */
export function placedWords(text: string, parts: readonly string[], at = 0): Word[] {
  let from = 0
  return parts.map((part) => {
    const found = text.indexOf(part, from)
    from = found + part.length
    return { text: part, at: at + found }
  })
}

/** The same error, for the text around the one that was parsed. @param at the position of the parsed text in it */
export function placed(error: unknown, at: number): unknown {
  if (!(error instanceof OpenFlowError) || error.code !== 'bad-text') return error
  const { code, message, cause, offset = 0 } = error
  return new OpenFlowError(code, message, { offset: offset + at, ...(cause === undefined ? {} : { cause }) })
}

/** Runs a parser of a part of a text. @param at the position of the part @throws OpenFlowError `bad-text` with its offset */
export function located<T>(at: number, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw placed(error, at)
  }
}
