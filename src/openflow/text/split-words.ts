/** Splits a text into words at commas and blanks that are not within parentheses. */
import { OpenFlowError } from '../wire/openflow-error.ts'

/** Blanks, tabs and line ends are not greater than the blank. */
const isBetween = (char: string): boolean => char === ',' || char <= ' '

/** The maximum number of nested parentheses, which is more than the deepest nested actions have. */
const MAX_OPEN_PARENTHESES = 256

const wrong = (text: string, why: string): OpenFlowError =>
  new OpenFlowError('bad-text', `${text.length > 80 ? `${text.slice(0, 80)}…` : text}: ${why}`)

/**
 * Splits at commas and blanks outside of parentheses.
 * @throws OpenFlowError `bad-text`
 */
export function splitCommas(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const char of text) {
    if (char === '(') depth += 1
    if (char === ')') depth -= 1
    if (depth < 0) break
    if (depth > MAX_OPEN_PARENTHESES) throw wrong(text, `more than ${MAX_OPEN_PARENTHESES} nested parentheses`)
    if (depth === 0 && isBetween(char)) {
      if (part !== '') parts.push(part)
      part = ''
    } else part += char
  }
  if (depth > 0) throw wrong(text, 'a parenthesis is not closed')
  if (depth < 0) throw wrong(text, 'a parenthesis is closed but not opened')
  return part === '' ? parts : [...parts, part]
}
