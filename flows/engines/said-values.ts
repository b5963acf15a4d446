/** Checks of values that an engine returns, which may be anything. */
import { tunnelTo } from '../pipeline/tunnel.ts'

/** The value as an object; an empty object if it is none. */
export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

export const isWhole = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max

/** Is this a number of this many bits? With more than 64 bits it must be a bigint. */
export const isNumber = (value: unknown, bits: number): boolean =>
  bits > 64 ? typeof value === 'bigint' && value >= 0n && value < 1n << BigInt(bits) : isWhole(value, 0, 2 ** bits - 1)

/** Is this the text of an IPv4 or IPv6 address? */
export function isAddress(value: unknown): boolean {
  try {
    return typeof value === 'string' && tunnelTo(value).type === 'set_field'
  } catch {
    return false
  }
}

/** A value in an error message. */
export const show = (value: unknown): string =>
  typeof value === 'string' ? `"${value}"` : typeof value === 'object' && value !== null ? 'an object' : String(value)
