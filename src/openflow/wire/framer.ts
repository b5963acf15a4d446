/** Chunks of a stream to messages: whatever the cuts, each message comes out once, whole. */
import { BAD_LEN } from './error-values.ts'
import { OpenFlowError } from './openflow-error.ts'

const HEAD_LENGTH = 8

/** Cuts a stream into messages, wherever its chunks begin and end. One for each connection and direction. */
export class Framer {
  /** What has come and is not yet a whole message. */
  #chunks: Uint8Array[] = []
  #held = 0

  /** Octets that wait for the rest of their message. */
  get held(): number {
    return this.#held
  }

  /**
   * Take a chunk.
   * @returns the messages that are whole by now, to go through: each as its octets, for `decode`, good until their chunk is used
   *   again. What is not gone through comes at the next time.
   * @throws OpenFlowError `malformed`, behind the messages before it, if a length cannot be true: where the next message begins
   *   is then unknown
   */
  push(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    return this.#whole()
  }

  *#whole(): Generator<Uint8Array, void, void> {
    while (this.#held >= HEAD_LENGTH) {
      const length = this.#length()
      if (length < HEAD_LENGTH) {
        this.#chunks = []
        this.#held = 0
        throw new OpenFlowError('malformed', `a message says that it has ${length} octets: its head alone has 8`, {
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

  /** All that is held, as one chunk. */
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
