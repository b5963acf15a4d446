/** Numbers and octets in text: whole, or refused. */
import { OpenFlowError } from '../errors.ts'

export const bad = (text: string, why: string): OpenFlowError => new OpenFlowError('bad-text', `"${text}": ${why}`)

const NUMBER = /^(0x[\da-f]+|\d+)$/i

/** Decimal, or hexadecimal after `0x`. */
export function integer(text: string, most = 0xffffffff): number {
  const value = Number(text)
  if (NUMBER.test(text) && value <= most) return value
  throw bad(text, `a whole number up to ${most} is wanted`)
}

export function bigInteger(text: string, bits = 64): bigint {
  if (NUMBER.test(text) && BigInt(text) >> BigInt(bits) === 0n) return BigInt(text)
  throw bad(text, `a whole number of ${bits} bits is wanted`)
}

/** Pairs of hexadecimal digits, with `between` between them or nothing. */
export function octets(text: string, between = ''): Uint8Array {
  const digits = between === '' ? text : text.replaceAll(between, '')
  if (/^([\da-f]{2})*$/i.test(digits)) return new Uint8Array(Buffer.from(digits, 'hex'))
  throw bad(text, 'octets are wanted, two hexadecimal digits each')
}

/** Exactly so many words between commas. */
export function words(text: string, count: number): readonly string[] {
  const parts = text.split(',')
  if (parts.length !== count) throw bad(text, `${count} words between commas are wanted`)
  return parts
}

/** Nothing that is called twice. @throws OpenFlowError `bad-text` */
export function onlyOnce(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw bad(twice, 'it is given twice')
}
