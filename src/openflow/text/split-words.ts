/** Splits a text into words at commas and blanks that are not within parentheses. */
import { OpenFlowError } from '../wire/openflow-error.ts'
import { placedWords, type Word } from './locate.ts'

/** Blanks, tabs and line ends are not greater than the blank. */
const isBetween = (char: string): boolean => char === ',' || char <= ' '

/** The maximum number of nested parentheses, which is more than the deepest nested actions have. */
const MAX_OPEN_PARENTHESES = 256

const wrong = (text: string, why: string, offset: number): OpenFlowError =>
  new OpenFlowError('bad-text', `${text.length > 80 ? `${text.slice(0, 80)}…` : text}: ${why}`, { offset })

/**
 * Splits at commas and blanks outside of parentheses.
 * @throws OpenFlowError `bad-text`
 */
export function splitCommas(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  /** The position of the character, and of the outermost parenthesis that is open. */
  let [at, opened] = [-1, 0]
  for (const char of text) {
    at += char.length
    if (char === '(') {
      if (depth === 0) opened = at
      depth += 1
    }
    if (char === ')') depth -= 1
    if (depth < 0) throw wrong(text, 'a parenthesis is closed but not opened', at)
    if (depth > MAX_OPEN_PARENTHESES) throw wrong(text, `more than ${MAX_OPEN_PARENTHESES} nested parentheses`, at)
    if (depth === 0 && isBetween(char)) {
      if (part !== '') parts.push(part)
      part = ''
    } else part += char
  }
  if (depth > 0) throw wrong(text, 'a parenthesis is not closed', opened)
  return part === '' ? parts : [...parts, part]
}

/** The same, with the position of each word. */
export const splitWords = (text: string): Word[] => placedWords(text, splitCommas(text))
