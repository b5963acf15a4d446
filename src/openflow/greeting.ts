/** The messages that are read the same in all versions: HELLO and ERROR (OpenFlow 1.5.1, 7.5.1 and 7.5.4). */
import type { Reader, Writer } from './cursor.ts'
import { type ErrorValue, OpenFlowError } from './errors.ts'
import type { Part } from './layout.ts'

/** An element of a HELLO that nobody knows, as it came. */
export interface HelloElement {
  readonly code: number
  readonly body: Uint8Array
}

/** HELLO (7.5.1): the versions that the sender speaks; without them, all up to that of the header. */
export interface HelloBody {
  readonly versions?: readonly number[]
  /** What else it says, behind the versions. */
  readonly elements?: readonly HelloElement[]
}

const VERSION_BITMAP = 1

export const hello: Part<HelloBody> = {
  write(w, { versions, elements = [] }) {
    if (versions) writeVersions(w, versions)
    for (const { code, body } of elements) {
      const start = w.length
      w.u16(code, 'code of an element')
      w.u16(body.length + 4, 'length of an element')
        .bytes(body)
        .align8(start)
    }
  },
  read(r) {
    let versions: number[] | undefined
    const elements: HelloElement[] = []
    while (r.left >= 4) {
      const { offset } = r
      const code = r.u16()
      const element = r.part(Math.max(r.u16() - 4, 0))
      if (code === VERSION_BITMAP && !versions) versions = versionsOf(element)
      else elements.push({ code, body: element.rest() })
      r.align8(offset)
    }
    return { ...(versions ? { versions } : {}), ...(elements.length === 0 ? {} : { elements }) }
  },
}

function writeVersions(w: Writer, versions: readonly number[]): void {
  const wrong = versions.find((version) => !(version >= 0 && version <= 0xff && Number.isInteger(version)))
  if (wrong !== undefined) throw new OpenFlowError('out-of-range', `versions holds ${wrong}: each has 8 bits`)
  const start = w.length
  const count = (Math.max(0, ...versions) >>> 5) + 1
  w.u16(VERSION_BITMAP).u16(4 + 4 * count)
  for (let base = 0; base < 32 * count; base += 32) {
    const some = versions.filter((version) => version >= base && version < base + 32)
    w.u32(some.reduce((bitmap, version) => bitmap | (1 << (version - base)), 0) >>> 0)
  }
  w.align8(start)
}

/** Bit n of word w stands for version 32 w + n; there are 8 bits for versions. */
function versionsOf(bitmaps: Reader): number[] {
  const versions: number[] = []
  for (let base = 0; bitmaps.left >= 4 && base < 256; base += 32) {
    const bits = bitmaps.u32()
    for (let bit = 0; bit < 32; bit += 1) if ((bits >>> bit) & 1) versions.push(base + bit)
  }
  return versions
}

/** ERROR (7.5.4): what was refused, and at least 64 octets of it, or of a HELLO_FAILED, text. */
export interface ErrorBody extends ErrorValue {
  readonly data: Uint8Array
}

const EXPERIMENTER_ERROR = 0xffff

export const error: Part<ErrorBody> = {
  write(w, { errorType, code, experimenter, data }) {
    w.u16(errorType, 'errorType').u16(code, 'code')
    if (errorType === EXPERIMENTER_ERROR && (experimenter !== undefined || data.length >= 4)) {
      w.u32(experimenter ?? 0, 'experimenter')
    }
    w.bytes(data)
  },
  read(r) {
    const value = { errorType: r.u16(), code: r.u16() }
    if (value.errorType !== EXPERIMENTER_ERROR || r.left < 4) return { ...value, data: r.rest() }
    return { ...value, experimenter: r.u32(), data: r.rest() }
  },
}
