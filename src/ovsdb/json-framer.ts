/**
 * Splits a stream into JSON objects. OVSDB sends them one after the other without delimiters (RFC 7047 section 4), so
 * the framer finds the end of each by its brackets. It looks at each byte once.
 */
import { OvsdbError } from './ovsdb-error.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const COMMA = 0x2c
const COLON = 0x3a

/** The limit of OVS's own parser. */
const MAX_DEPTH = 1000
/** A larger buffer is released after each message. */
const MAX_KEPT_OCTETS = 64 * 1024

/**
 * The fewest octets of the limit for each bracket, comma and colon. An empty array is two of these characters and takes
 * some 40 octets of memory, so a message of empty arrays would take much more memory than its size. Messages of
 * ovsdb-server have 11 octets or more for each.
 */
const MIN_OCTETS_PER_MARK = 8

export const MAX_MESSAGE_OCTETS = 256 * 1024 * 1024

/**
 * Splits a stream into messages and parses them, wherever its chunks begin and end. Each connection and direction needs
 * a framer of its own.
 */
export class Framer {
  /** The maximum size of a message in bytes. */
  maxMessage: number
  /** The beginning of an incomplete message: the first `#size` bytes of `#held`. */
  #held = Buffer.alloc(0)
  #size = 0
  #depth = 0
  #inString = false
  #escaped = false
  /** The number of brackets, commas and colons of the incomplete message. */
  #marks = 0

  /** @param maxMessage the maximum size of a message in bytes */
  constructor(maxMessage: number = MAX_MESSAGE_OCTETS) {
    this.maxMessage = maxMessage
  }

  /** The memory that bytes take which wait for the rest of their message; 0: none wait. */
  get held(): number {
    return this.#size === 0 ? 0 : this.#held.length
  }

  /**
   * The messages that end in this chunk. Messages before an error are still returned.
   * @throws OvsdbError malformed-message or message-too-large; the stream is unusable after that
   */
  *push(chunk: Uint8Array): Generator<unknown, void, undefined> {
    for (const message of this.split(chunk)) yield parse(message)
  }

  /**
   * The same as `push`, without parsing: the bytes of each message. They are valid until the next one is taken, unless
   * there are more than 64 KiB of them.
   */
  *split(chunk: Uint8Array): Generator<Buffer, void, undefined> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    while (start < bytes.length) {
      if (this.#depth === 0) {
        start = messageStart(bytes, start)
        if (start === bytes.length) return
      }
      const end = this.#scan(bytes, start)
      const size = this.#size + (end ?? bytes.length) - start
      if (size > this.maxMessage) {
        throw new OvsdbError('message-too-large', `a message of more than ${this.maxMessage} bytes`)
      }
      const maxMarks = Math.ceil(this.maxMessage / MIN_OCTETS_PER_MARK)
      if (this.#marks > maxMarks) {
        throw new OvsdbError('message-too-large', `a message with more than ${maxMarks} brackets, commas and colons`)
      }
      if (end === undefined) {
        this.#hold(bytes.subarray(start))
        return
      }
      this.#marks = 0
      yield this.#whole(bytes.subarray(start, end))
      start = end
    }
  }

  /** @returns the index after the bracket that ends the message; undefined if the message does not end here */
  #scan(bytes: Buffer, start: number): number | undefined {
    let depth = this.#depth
    let inString = this.#inString
    let escaped = this.#escaped
    let marks = this.#marks
    let at = start
    for (; at < bytes.length; at++) {
      const byte = bytes[at]
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
      } else if (byte === QUOTE) {
        inString = true
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth++
        marks++
        if (depth > MAX_DEPTH) throw new OvsdbError('malformed-message', `JSON nested deeper than ${MAX_DEPTH}`)
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth--
        if (depth === 0) break
      } else if (byte === COMMA || byte === COLON) {
        marks++
      }
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = escaped
    this.#marks = marks
    return depth === 0 ? at + 1 : undefined
  }

  /** The capacity doubles, so that a message is copied about twice however small its chunks are. */
  #hold(piece: Buffer): void {
    const size = this.#size + piece.length
    if (size > this.#held.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#held.length, 1024))
      this.#held.copy(room, 0, 0, this.#size)
      this.#held = room
    }
    piece.copy(this.#held, this.#size)
    this.#size = size
  }

  #whole(rest: Buffer): Buffer {
    if (this.#size === 0) return rest
    this.#hold(rest)
    const whole = this.#held.subarray(0, this.#size)
    this.#size = 0
    if (this.#held.length > MAX_KEPT_OCTETS) this.#held = Buffer.alloc(0)
    return whole
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws OvsdbError malformed-message */
export const parse = (octets: Buffer): unknown => {
  try {
    return JSON.parse(decoder.decode(octets))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new OvsdbError('malformed-message', `not JSON: ${reason}`, { cause })
  }
}

/** White space may separate messages. Each message is an object. */
const messageStart = (bytes: Buffer, from: number): number => {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === OPEN_BRACE) return at
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) {
      throw new OvsdbError('malformed-message', `byte 0x${byte?.toString(16)} where a JSON object must begin`)
    }
  }
  return bytes.length
}
