/** Words of a text: between commas and blanks, but not within parentheses. */
import { OpenFlowError } from '../wire/openflow-error.ts'

/** Blanks, tabs and ends of lines are no greater than the blank. */
const isBetween = (char: string): boolean => char === ',' || char <= ' '

/** Parentheses within each other: more than the deepest actions that are read have. Beyond it nothing needs to be looked at. */
const MOST_OPEN = 256

const wrong = (text: string, why: string): OpenFlowError =>
  new OpenFlowError('bad-text', `${text.length > 80 ? `${text.slice(0, 80)}…` : text}: ${why}`)

/** The parts between commas (or blanks) that stand in no parentheses. @throws OpenFlowError `bad-text` */
export function splitCommas(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const char of text) {
    if (char === '(') depth += 1
    if (char === ')') depth -= 1
    if (depth < 0) break
    if (depth > MOST_OPEN) throw wrong(text, `more than ${MOST_OPEN} parentheses within each other`)
    if (depth === 0 && isBetween(char)) {
      if (part !== '') parts.push(part)
      part = ''
    } else part += char
  }
  if (depth > 0) throw wrong(text, 'a parenthesis is left open')
  if (depth < 0) throw wrong(text, 'a parenthesis is closed that was not opened')
  return part === '' ? parts : [...parts, part]
}
