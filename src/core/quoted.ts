/** Repeats a text of a request or a host in an error. */

const MAX_QUOTED_CHARACTERS = 80

/** The text in quotation marks, with control characters escaped, and cut if it is long. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, MAX_QUOTED_CHARACTERS) : value) ?? 'nothing'
  return text.length <= MAX_QUOTED_CHARACTERS ? text : `${text.slice(0, MAX_QUOTED_CHARACTERS - 1)}…`
}
