/** Checks of values that an engine says, which may be anything. */
import { tunnelTo } from '../pipeline/tunnel.ts'

/** What is said as an object; what is none, as one without anything in it. */
export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

export const isWhole = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max

/** A number of so many bits: above 64 bits a bigint. */
export const isNumber = (value: unknown, bits: number): boolean =>
  bits > 64 ? typeof value === 'bigint' && value >= 0n && value < 1n << BigInt(bits) : isWhole(value, 0, 2 ** bits - 1)

/** The text of an IP address of either family. */
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
