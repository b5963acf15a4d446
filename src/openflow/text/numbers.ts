/** Numbers and octets in text: whole, or refused. */
import { OpenFlowError } from '../wire/openflow-error.ts'

export const bad = (text: string, why: string): OpenFlowError => new OpenFlowError('bad-text', `"${text}": ${why}`)

const NUMBER = /^(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i
const OCTAL = /^0[0-7]+$/

/** As C reads it: decimal, hexadecimal after `0x`, octal after `0`. */
const plain = (text: string): string => (OCTAL.test(text) ? `0o${text}` : text)

export function integer(text: string, most = 0xffffffff): number {
  const value = Number(plain(text))
  if (NUMBER.test(text) && value <= most) return value
  throw bad(text, `a whole number up to ${most} is wanted`)
}

export function bigInteger(text: string, bits = 64): bigint {
  const value = NUMBER.test(text) ? BigInt(plain(text)) : undefined
  if (value !== undefined && value >> BigInt(bits) === 0n) return value
  throw bad(text, `a whole number of ${bits} bits is wanted`)
}

/** Pairs of hexadecimal digits, with dots between them or none. */
export function octets(text: string): Uint8Array {
  if (/^([\da-f]{2}\.?)*$/i.test(text)) return new Uint8Array(Buffer.from(text.replaceAll('.', ''), 'hex'))
  throw bad(text, 'octets are wanted, two hexadecimal digits each')
}

/** Words between commas or blanks. */
export const list = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean)

/** Exactly so many words between commas. */
export function words(text: string, count: number): readonly string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length !== count) throw bad(text, `${count} words between commas are wanted`)
  return parts
}

/** Nothing that is called twice. @throws OpenFlowError `bad-text` */
export function onlyOnce(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw bad(twice, 'it is given twice')
}
