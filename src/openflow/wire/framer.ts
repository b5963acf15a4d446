/** Splits a stream of octets into messages. */
import { BAD_LEN } from './error-values.ts'
import { OpenFlowError } from './openflow-error.ts'

const HEAD_LENGTH = 8
/** Each chunk takes memory of its own. A peer that sends octet by octet would make some 65,000 of them. */
const MAX_CHUNKS = 64

/**
 * Splits a stream into messages, wherever its chunks begin and end. Each connection and direction needs a framer of its
 * own.
 */
export class Framer {
  /** The octets received so far that are not a whole message yet. */
  #chunks: Uint8Array[] = []
  #held = 0

  /** The number of octets that wait for the rest of their message. */
  get held(): number {
    return this.#held
  }

  /**
   * Takes a chunk.
   * @returns the messages that are complete now, as octets for `decode`. They are valid until the memory of the chunk
   *   is reused. Messages that the caller does not iterate over come with the next chunk.
   * @throws OpenFlowError `malformed`, after the messages before it, if a length is impossible. The start of the next
   *   message is then unknown.
   */
  push(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#chunks.length > MAX_CHUNKS) this.#joined()
    return this.#whole()
  }

  *#whole(): Generator<Uint8Array, void, void> {
    while (this.#held >= HEAD_LENGTH) {
      const length = this.#length()
      if (length < HEAD_LENGTH) {
        this.#chunks = []
        this.#held = 0
        throw new OpenFlowError('malformed', `a message of ${length} octets: its header alone has 8`, {
          offset: 2,
          error: BAD_LEN,
        })
      }
      if (this.#held < length) return
      const all = this.#joined()
      this.#chunks = all.length > length ? [all.subarray(length)] : []
      this.#held = all.length - length
      yield all.subarray(0, length)
    }
  }

  #length(): number {
    const [first] = this.#chunks
    const head = first && first.length >= 4 ? first : this.#joined()
    return ((head[2] ?? 0) << 8) | (head[3] ?? 0)
  }

  /** Everything that is held, as one chunk. */
  #joined(): Uint8Array {
    const [first] = this.#chunks
    if (first && this.#chunks.length === 1) return first
    const all = new Uint8Array(this.#held)
    let at = 0
    for (const chunk of this.#chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    this.#chunks = [all]
    return all
  }
}
