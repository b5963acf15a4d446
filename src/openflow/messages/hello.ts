/** HELLO (OpenFlow 1.5.1, 7.5.1), which has the same layout in all versions. */
import { type Reader, reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN } from '../wire/error-values.ts'
import type { Part } from '../wire/layout.ts'
import { checkList, OpenFlowError } from '../wire/openflow-error.ts'

/** An element of a HELLO, kept as it came. */
export interface HelloElement {
  readonly code: number
  readonly body: Uint8Array
}

/**
 * HELLO (7.5.1): the versions that the sender speaks. Without `versions`, it speaks all versions up to the one in its
 * header.
 */
export interface HelloBody {
  readonly versions?: readonly number[]
  /**
   * The elements after the bitmap of versions. If the bitmap is not first or not in its usual form, it is among them,
   * with code 1.
   */
  readonly elements?: readonly HelloElement[]
  /** Octets after the elements that are not an element. */
  readonly rest?: Uint8Array
}

const VERSION_BITMAP = 1
const HEAD = 4

export const hello: Part<HelloBody> = {
  write(w, { versions, elements = [], rest }) {
    if (versions) checkList('versions', versions)
    checkList('elements', elements)
    const bitmap = elements.find(isBitmap)
    if (versions && !bitmap) writeElement(w, bitmapOf(versions))
    else if (versions && bitmap && !areSame(versions, versionsOf(bitmap.body))) {
      throw new OpenFlowError('out-of-range', `versions holds ${versions}: elements holds ${versionsOf(bitmap.body)}`)
    }
    for (const element of elements) writeElement(w, element)
    if (rest) w.bytes(rest)
  },
  read(r) {
    const all: HelloElement[] = []
    while (isWhole(r)) all.push(readElement(r))
    const rest = r.left > 0 ? { rest: r.rest() } : {}
    const found = all.find(isBitmap)
    if (!found) return { ...(all.length === 0 ? {} : { elements: all }), ...rest }
    const versions = versionsOf(found.body)
    const isUsual = found === all[0] && Buffer.compare(bitmapOf(versions).body, found.body) === 0
    const others = all.slice(1)
    const elements = isUsual && !others.some(isBitmap) ? others : all
    return { versions, ...(elements.length === 0 ? {} : { elements }), ...rest }
  },
}

const areSame = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((version) => other.includes(version))

/** A bitmap of less than one word does not say any versions. */
const isBitmap = ({ code, body }: HelloElement): boolean => code === VERSION_BITMAP && body.length >= 4

function writeElement(w: Writer, { code, body }: HelloElement): void {
  const start = w.length
  w.u16(code, 'code of an element')
    .u16(HEAD + body.length, 'length of an element')
    .bytes(body, 'body of an element')
    .align8(start)
}

/** Whether a whole element with its padding is left. Open vSwitch ignores a truncated one, too. */
function isWhole(r: Reader): boolean {
  if (r.left < HEAD) return false
  const length = r.copy().skip(2).u16()
  return length < HEAD || length > r.left || ((length + 7) & ~7) <= r.left
}

function readElement(r: Reader): HelloElement {
  const { offset } = r
  const code = r.u16()
  const length = r.u16()
  if (length < HEAD) {
    throw new OpenFlowError('malformed', `an element of ${length} octets`, { offset, error: BAD_LEN })
  }
  const body = r.part(length - HEAD).rest()
  r.align8(offset)
  return { code, body }
}

/** Bit n of word w stands for version 32 w + n. Versions have 8 bits. */
function bitmapOf(versions: readonly number[]): HelloElement {
  const wrong = versions.find((version) => !(version >= 0 && version <= 0xff && Number.isInteger(version)))
  if (wrong !== undefined) throw new OpenFlowError('out-of-range', `versions holds ${wrong}: each has 8 bits`)
  const w = new Writer(0)
  const count = (Math.max(0, ...versions) >>> 5) + 1
  for (let base = 0; base < 32 * count; base += 32) {
    const some = versions.filter((version) => version >= base && version < base + 32)
    w.u32(some.reduce((bitmap, version) => bitmap | (1 << (version - base)), 0) >>> 0)
  }
  return { code: VERSION_BITMAP, body: w.take() }
}

function versionsOf(bitmap: Uint8Array): number[] {
  const bitmaps = reader(0, bitmap)
  const versions: number[] = []
  for (let base = 0; bitmaps.left >= 4 && base < 256; base += 32) {
    const bits = bitmaps.u32()
    for (let bit = 0; bit < 32; bit += 1) if ((bits >>> bit) & 1) versions.push(base + bit)
  }
  return versions
}
