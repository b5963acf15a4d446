/** Parses numbers, octets and lists of words. Anything else is refused. */
import { OpenFlowError } from '../wire/openflow-error.ts'

export const bad = (text: string, why: string): OpenFlowError => new OpenFlowError('bad-text', `"${text}": ${why}`)

const NUMBER = /^(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i
const OCTAL = /^0[0-7]+$/

/** Numbers as C reads them: decimal, hexadecimal after `0x`, octal after `0`. */
const plain = (text: string): string => (OCTAL.test(text) ? `0o${text}` : text)

export function integer(text: string, most = 0xffffffff): number {
  const value = Number(plain(text))
  if (NUMBER.test(text) && value <= most) return value
  throw bad(text, `expected a whole number up to ${most}`)
}

export function bigInteger(text: string, bits = 64): bigint {
  const value = NUMBER.test(text) ? BigInt(plain(text)) : undefined
  if (value !== undefined && value >> BigInt(bits) === 0n) return value
  throw bad(text, `expected a whole number of ${bits} bits`)
}

/** Parses pairs of hexadecimal digits, optionally with dots between them. */
export function octets(text: string): Uint8Array {
  if (/^([\da-f]{2}\.?)*$/i.test(text)) return new Uint8Array(Buffer.from(text.replaceAll('.', ''), 'hex'))
  throw bad(text, 'expected octets of two hexadecimal digits each')
}

/** Splits a text at commas and blanks. */
export const list = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean)

/** Splits a text at commas into exactly `count` words. */
export function words(text: string, count: number): readonly string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length !== count) throw bad(text, `expected ${count} words between commas`)
  return parts
}

/** @throws OpenFlowError `bad-text` if a name occurs twice */
export function onlyOnce(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw bad(twice, 'it is given twice')
}
