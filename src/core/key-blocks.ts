/**
 * Keys for new objects. A writer takes them from the store in blocks, so that no two writers give the same key and most
 * operations need no commit for theirs. What is left of a block when the process ends is never given.
 */
import { FIRST_KEY, type Key } from '../../topology/ids.ts'
import type { Store } from '../store/store.ts'

const COUNTER = 'counter/key'

const KEYS_PER_BLOCK = 1_000

/** No keys are at hand: take another block, and run the operation again. */
export class KeysExhausted extends Error {}

export class KeyBlocks {
  readonly #store: Store
  readonly #blocks: Array<{ next: number; readonly end: number }> = []

  constructor(store: Store) {
    this.#store = store
  }

  /** A key that no object has had. @throws KeysExhausted */
  next(): Key {
    const block = this.#blocks[0]
    if (!block) throw new KeysExhausted()
    const key = block.next as Key
    block.next += 1
    if (block.next === block.end) this.#blocks.shift()
    return key
  }

  /** Takes another block. @throws StoreError `cannot-commit` */
  async refill(): Promise<void> {
    const next = await this.#store.takeBlock(COUNTER, KEYS_PER_BLOCK, FIRST_KEY)
    this.#blocks.push({ next, end: next + KEYS_PER_BLOCK })
  }
}
