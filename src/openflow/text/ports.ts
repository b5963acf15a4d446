/** Numbers of ports, or names of reserved ones. */
import { widen } from '../ports.ts'
import { portNamed } from './names.ts'
import { integer } from './numbers.ts'

/** In decimal, 65528 to 65535 (0xfff8 to 0xffff) are the reserved ports, as they were in OpenFlow 1.0. */
export function parsePort(text: string): number {
  const named = portNamed(text)
  if (named !== undefined) return named
  return /^\d+$/.test(text) ? widen(integer(text.replace(/^0+(?=\d)/, ''))) : integer(text)
}
