/** Octets, names and words between commas, as text. */
import { bad, integer, onlyOnce } from './numbers.ts'

export const printOctets = (octets: Uint8Array, between = ''): string =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(between)

/** The index of the name, or a number. */
export function nameOrNumber(names: readonly string[], text: string, most: number): number {
  const index = names.indexOf(text)
  return index < 0 ? integer(text, most) : index
}

export function oneOf<Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text)
  if (found === undefined) throw bad(text, `it is none of ${names.join(', ')}`)
  return found
}

/** `name=value` words, each at most once; a word without a value has undefined. */
export function keyValues(parts: readonly string[]): ReadonlyMap<string, string | undefined> {
  const pairs = parts.map((part): [string, string | undefined] => {
    const at = part.indexOf('=')
    return at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + 1)]
  })
  onlyOnce(pairs.map(([name]) => name))
  return new Map(pairs)
}

/** None but these. */
export function refuseOthers(names: Iterable<string>, known: readonly string[], text: string): void {
  for (const name of names) {
    if (!known.includes(name)) throw bad(text.slice(0, 80), `"${name}" is none of ${known.join(', ')}`)
  }
}
