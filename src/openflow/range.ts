/** Ranges of numbers that go into a message: what does not fit is named, not cut. */
import { OpenFlowError } from './errors.ts'

const within =
  (bits: number) =>
  (name: string, value: number): number => {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** bits) return value
    throw new OpenFlowError('out-of-range', `${name} holds ${value}: it takes a whole number of ${bits} bits`)
  }

export const u8 = within(8)
export const u16 = within(16)
export const u32 = within(32)

export function u64(name: string, value: bigint): bigint {
  if (value >= 0n && value <= 0xffff_ffff_ffff_ffffn) return value
  throw new OpenFlowError('out-of-range', `${name} holds ${value}: it takes 64 bits`)
}
