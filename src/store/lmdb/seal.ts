/**
 * The text of an entry with a checksum: `#` and the CRC-32 of key, revision and text in eight hexadecimal digits, then the text.
 * Schemas up to 5 have the text alone, which is JSON and so never begins with `#`.
 */
import { crc32 } from 'node:zlib'

const MARK = '#'
const SEAL_LENGTH = 9

export const seal = (key: Uint8Array, text: string, revision: number): string =>
  `${MARK}${sumOf(key, revision, text)}${text}`

/** @returns the text; undefined if the entry is not as it was written */
export function unseal(key: Uint8Array, sealed: string, revision: number): string | undefined {
  if (!sealed.startsWith(MARK)) return sealed
  const text = sealed.slice(SEAL_LENGTH)
  return sealed.slice(MARK.length, SEAL_LENGTH) === sumOf(key, revision, text) ? text : undefined
}

/**
 * Is an entry as it was written, as far as its checksum says?
 * @param value as in the file: LMDB for Node.js puts the version, a double, before the text
 */
export const isIntact = (key: Buffer, value: Buffer): boolean =>
  value.length < 8 || unseal(key, value.toString('utf8', 8), value.readDoubleLE(0)) !== undefined

const sumOf = (key: Uint8Array, revision: number, text: string): string =>
  crc32(`${revision} ${text}`, crc32(key)).toString(16).padStart(8, '0')
