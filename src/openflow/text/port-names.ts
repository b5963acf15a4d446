/** Ports in text: numbers, or names of reserved ones. */
import { narrow, PORT, widen } from '../wire/port-numbers.ts'
import { integer } from './numbers.ts'

/** All reserved ports, and OFPP_UNSET of OpenFlow 1.5. */
const NAMED_PORTS: ReadonlyArray<readonly [name: string, port: number]> = [
  ...Object.entries(PORT),
  ['UNSET', 0xfffffff7],
]

const portNames = new Map(NAMED_PORTS.map(([name, port]) => [port, name]))

export const portName = (port: number): string | undefined => portNames.get(port)

/**
 * Prints a port. In decimal, 65280 and more mean a reserved port of 16 bits, so other ports with such numbers are
 * printed in hexadecimal.
 */
export const printPort = (port: number): string =>
  portName(port) ?? (widen(port) === port ? String(narrow(port)) : `0x${port.toString(16)}`)
/** Prints a port of 16 bits. */
export const printNarrowPort = (port: number): string => portName(widen(port)) ?? String(port)

const ports = new Map<string, number>([...NAMED_PORTS, ['NONE', PORT.ANY]])
export const portNamed = (text: string): number | undefined => ports.get(text.toUpperCase())

/** Parses a port. In decimal, 65528 to 65535 (0xfff8 to 0xffff) are the reserved ports, as in OpenFlow 1.0. */
export function parsePort(text: string): number {
  const named = portNamed(text)
  if (named !== undefined) return named
  return /^\d+$/.test(text) ? widen(integer(text.replace(/^0+(?=\d)/, ''))) : integer(text)
}
