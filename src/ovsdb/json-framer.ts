/**
 * Splits a stream into JSON objects. OVSDB sends them one after the other without delimiters (RFC 7047 section 4), so
 * the framer finds the end of each by its brackets. It looks at each byte once, and then parses the object as a whole.
 */
import { OvsdbError } from './ovsdb-error.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The limit of OVS's own parser. */
const MAX_DEPTH = 1000
/** A larger buffer is released after each message. */
const MAX_KEPT_OCTETS = 64 * 1024

export const MAX_MESSAGE_OCTETS = 256 * 1024 * 1024

/**
 * Splits a stream into messages and parses them, wherever its chunks begin and end. Each connection and direction needs
 * a framer of its own.
 */
export class Framer {
  readonly #maxMessage: number
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  /** The beginning of an incomplete message: the first `#size` bytes of `#held`. */
  #held = Buffer.alloc(0)
  #size = 0
  #depth = 0
  #inString = false
  #escaped = false

  /** @param maxMessage the maximum size of a message in bytes */
  constructor(maxMessage: number = MAX_MESSAGE_OCTETS) {
    this.#maxMessage = maxMessage
  }

  /**
   * The messages that end in this chunk. Messages before an error are still returned.
   * @throws OvsdbError malformed-message or message-too-large; the stream is unusable after that
   */
  *push(chunk: Uint8Array): Generator<unknown, void, undefined> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    while (start < bytes.length) {
      if (this.#depth === 0) {
        start = messageStart(bytes, start)
        if (start === bytes.length) return
      }
      const end = this.#scan(bytes, start)
      const size = this.#size + (end ?? bytes.length) - start
      if (size > this.#maxMessage) {
        throw new OvsdbError('message-too-large', `a message of more than ${this.#maxMessage} bytes`)
      }
      if (end === undefined) {
        this.#hold(bytes.subarray(start))
        return
      }
      yield this.#parse(bytes.subarray(start, end))
      start = end
    }
  }

  /** @returns the index after the bracket that ends the message; undefined if the message does not end here */
  #scan(bytes: Buffer, start: number): number | undefined {
    let depth = this.#depth
    let inString = this.#inString
    let escaped = this.#escaped
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
        if (depth > MAX_DEPTH) throw new OvsdbError('malformed-message', `JSON nested deeper than ${MAX_DEPTH}`)
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth--
        if (depth === 0) break
      }
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = escaped
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

  #parse(rest: Buffer): unknown {
    let whole = rest
    if (this.#size > 0) {
      this.#hold(rest)
      whole = this.#held.subarray(0, this.#size)
      this.#size = 0
      if (this.#held.length > MAX_KEPT_OCTETS) this.#held = Buffer.alloc(0)
    }
    try {
      return JSON.parse(this.#decoder.decode(whole))
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new OvsdbError('malformed-message', `not JSON: ${reason}`, { cause })
    }
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
