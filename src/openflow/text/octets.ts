/** Prints octets, and parses names and `name=value` words. */
import { bad, integer, onlyOnce } from './numbers.ts'

export const printOctets = (octets: Uint8Array, between = ''): string =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(between)

/** The index of the name, or the number that the text is. */
export function nameOrNumber(names: readonly string[], text: string, most: number): number {
  const index = names.indexOf(text)
  return index < 0 ? integer(text, most) : index
}

export function oneOf<Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text)
  if (found === undefined) throw bad(text, `expected one of ${names.join(', ')}`)
  return found
}

/** Parses `name=value` words, each at most once. The value of a word without `=` is undefined. */
export function keyValues(parts: readonly string[]): ReadonlyMap<string, string | undefined> {
  const pairs = parts.map((part): [string, string | undefined] => {
    const at = part.indexOf('=')
    return at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + 1)]
  })
  onlyOnce(pairs.map(([name]) => name))
  return new Map(pairs)
}

/** @throws OpenFlowError `bad-text` if there are other names than the known ones */
export function refuseOthers(names: Iterable<string>, known: readonly string[], text: string): void {
  for (const name of names) {
    if (!known.includes(name)) throw bad(text.slice(0, 80), `"${name}" is not one of ${known.join(', ')}`)
  }
}
