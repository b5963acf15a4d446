/**
 * Cursors over the octets of messages of one OpenFlow version: `Writer` writes, and `Reader` reads and never leaves its
 * bounds. All numbers are in network byte order.
 */
import { BAD_LEN } from './error-values.ts'
import type { ErrorValue } from './openflow-error.ts'
import { OpenFlowError, refusal } from './openflow-error.ts'

const MAX_U64 = 0xffff_ffff_ffff_ffffn

const outOfRange = (name = 'a field', value: number | bigint, bits: number): OpenFlowError =>
  refusal(name, value, `a ${bits > 48 ? 'bigint' : 'whole number'} of ${bits} bits`)

/**
 * Octets of a buffer that several messages share. A buffer for each message would take longer to allocate than the
 * message takes to write.
 */
const SHARED_OCTETS = 32 * 1024
let shared = new ArrayBuffer(0)
let used = 0

/** Allocates `count` octets: a part of the shared buffer if they are few, otherwise a buffer of their own. */
function room(count: number): Uint8Array {
  if (count > SHARED_OCTETS / 8) return new Uint8Array(count)
  if (used + count > shared.byteLength) {
    shared = new ArrayBuffer(SHARED_OCTETS)
    used = 0
  }
  const part = new Uint8Array(shared, used, count)
  // Every part starts at a multiple of 8, so that a view of 32-bit or 64-bit elements can be made of it.
  used += (count + 7) & ~7
  return part
}

/**
 * A growing buffer with a cursor. A number that does not fit is refused, not truncated; the error contains the name
 * given with it.
 */
export class Writer {
  /** OpenFlow wire version: 6 is OpenFlow 1.5. */
  version: number
  /** The xid of the message that is being written. */
  xid = 0
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #at = 0

  constructor(version: number, size = 256) {
    this.version = version
    this.#bytes = new Uint8Array(size)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Discards what was written and sets the version to write from now on. */
  restart(version: number): this {
    this.version = version
    this.#at = 0
    return this
  }

  /** The position of the cursor: the number of octets written. */
  get length(): number {
    return this.#at
  }

  u8(value: number, name?: string): this {
    if (typeof value !== 'number' || (value & 0xff) !== value) throw outOfRange(name, value, 8)
    const at = this.#advance(1)
    this.#view.setUint8(at, value)
    return this
  }

  u16(value: number, name?: string): this {
    if (typeof value !== 'number' || (value & 0xffff) !== value) throw outOfRange(name, value, 16)
    const at = this.#advance(2)
    this.#view.setUint16(at, value)
    return this
  }

  u32(value: number, name?: string): this {
    if (typeof value !== 'number' || value >>> 0 !== value) throw outOfRange(name, value, 32)
    const at = this.#advance(4)
    this.#view.setUint32(at, value)
    return this
  }

  /** 48 bits, as a number. */
  u48(value: number, name?: string): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 48) throw outOfRange(name, value, 48)
    const at = this.#advance(6)
    this.#view.setUint16(at, Math.floor(value / 0x1_0000_0000))
    this.#view.setUint32(at + 2, value >>> 0)
    return this
  }

  u64(value: bigint, name?: string): this {
    if (typeof value !== 'bigint' || value < 0n || value > MAX_U64) throw outOfRange(name, value, 64)
    const at = this.#advance(8)
    this.#view.setBigUint64(at, value)
    return this
  }

  bytes(value: Uint8Array, name = 'a field'): this {
    if (!(value instanceof Uint8Array)) throw refusal(name, value, 'octets, a Uint8Array')
    const at = this.#advance(value.length)
    this.#bytes.set(value, at)
    return this
  }

  zeros(count: number): this {
    const at = this.#advance(count)
    const bytes = this.#bytes
    // Usually there are only a few, and then a loop is faster.
    if (count > 16) bytes.fill(0, at, at + count)
    else for (let next = at; next < at + count; next += 1) bytes[next] = 0
    return this
  }

  /** Writes zeros up to the next multiple of 8, counted from `start`. */
  align8(start: number): this {
    const over = (this.#at - start) & 7
    return over === 0 ? this : this.zeros(8 - over)
  }

  /** Writes 16 bits at an earlier position: a length that is only known now. */
  patch16(at: number, value: number, name: string): this {
    if (value > 0xffff)
      throw new OpenFlowError('out-of-range', `${name} of ${value} octets: at most 65535 are possible`)
    this.#view.setUint16(at, value)
    return this
  }

  /** Reads 16 bits back from an earlier position. */
  peek16(at: number): number {
    return this.#view.getUint16(at)
  }

  /** Moves the cursor back to an earlier position and discards what was written after it. */
  rewind(at: number): void {
    this.#at = at
  }

  /** Returns a copy of what was written. The writer starts again at its beginning. */
  take(): Uint8Array {
    const taken = room(this.#at)
    taken.set(this.#bytes.subarray(0, this.#at))
    this.#at = 0
    return taken
  }

  #advance(count: number): number {
    const at = this.#at
    this.#at = at + count
    if (this.#at > this.#bytes.length) this.#grow(at)
    return at
  }

  #grow(written: number): void {
    const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at))
    bigger.set(this.#bytes.subarray(0, written))
    this.#bytes = bigger
    this.#view = new DataView(bigger.buffer)
  }
}

/** A cursor over a part of a message. Reading past its end throws an error that has the offset in the message. */
export class Reader {
  /** OpenFlow wire version: 6 is OpenFlow 1.5. */
  readonly version: number
  /** The nesting depth: the number of parts that enclose this one. */
  readonly depth: number
  readonly #view: DataView
  readonly #end: number
  readonly #shortage: ErrorValue
  #at: number

  /** @param shortage the error to answer if the message is shorter than its own lengths say */
  constructor(version: number, view: DataView, at = 0, end = view.byteLength, shortage = BAD_LEN, depth = 0) {
    this.version = version
    this.depth = depth
    this.#view = view
    this.#at = at
    this.#end = end
    this.#shortage = shortage
  }

  /** The offset from the beginning of the message, in octets. */
  get offset(): number {
    return this.#at
  }

  /** The number of octets left. */
  get left(): number {
    return this.#end - this.#at
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  u48(): number {
    const at = this.#advance(6)
    return this.#view.getUint16(at) * 0x1_0000_0000 + this.#view.getUint32(at + 2)
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8))
  }

  /** Reads octets and returns a copy of them. */
  bytes(count: number): Uint8Array {
    const at = this.#advance(count)
    return new Uint8Array(this.#view.buffer as ArrayBuffer, this.#view.byteOffset + at, count).slice()
  }

  rest(): Uint8Array {
    return this.bytes(this.left)
  }

  /** Whether only padding is left: fewer than 8 octets, all zero. */
  get isAtPadding(): boolean {
    if (this.left >= 8) return false
    for (let at = this.#at; at < this.#end; at += 1) if (this.#view.getUint8(at) !== 0) return false
    return true
  }

  skip(count: number): this {
    this.#advance(count)
    return this
  }

  /** Skips the padding up to a multiple of 8, counted from `start`. */
  align8(start: number): this {
    const over = (this.#at - start) & 7
    return over === 0 ? this : this.skip(8 - over)
  }

  /** Another reader at the same position, to look ahead with. */
  copy(): Reader {
    return new Reader(this.version, this.#view, this.#at, this.#end, this.#shortage, this.depth)
  }

  /** A reader of the next `count` octets. This reader skips them. */
  part(count: number, shortage: ErrorValue = this.#shortage): Reader {
    if (count > this.left) throw this.#tooShort(count, shortage)
    const at = this.#advance(count)
    return new Reader(this.version, this.#view, at, at + count, shortage, this.depth + 1)
  }

  #advance(count: number): number {
    const at = this.#at
    if (count < 0 || at + count > this.#end) throw this.#tooShort(count, this.#shortage)
    this.#at = at + count
    return at
  }

  #tooShort(count: number, error: ErrorValue): OpenFlowError {
    const message = `${count} octets expected at offset ${this.#at}, ${this.left} are left`
    return new OpenFlowError('malformed', message, { offset: this.#at, error })
  }
}

/** A cursor over a whole message, or over any octets. */
export const reader = (version: number, bytes: Uint8Array): Reader =>
  new Reader(version, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
