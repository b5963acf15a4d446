/**
 * Keys for new objects. A writer reserves them in the store in blocks. So two writers never give the same key, and most
 * operations need no commit to get one. The rest of a block is lost when the process ends.
 */
import { FIRST_KEY, type Key } from '../../topology/ids.ts'
import type { Store } from '../store/store.ts'

export const KEY_COUNTER = 'counter/key'

const KEYS_PER_BLOCK = 1_000

/** The block is used up: reserve another block, and run the operation again. */
export class KeysExhausted extends Error {}

export class KeyBlocks {
  readonly #store: Store
  readonly #blocks: Array<{ next: number; readonly end: number }> = []

  constructor(store: Store) {
    this.#store = store
  }

  /** Returns a key that no object has ever had. @throws KeysExhausted */
  next(): Key {
    const block = this.#blocks[0]
    if (!block) throw new KeysExhausted()
    const key = block.next as Key
    block.next += 1
    if (block.next === block.end) this.#blocks.shift()
    return key
  }

  /** Reserves more keys. @param blocks how many blocks of them @throws StoreError `cannot-commit` */
  async refill(blocks: number): Promise<void> {
    const size = blocks * KEYS_PER_BLOCK
    const next = await this.#store.takeBlock(KEY_COUNTER, size, FIRST_KEY)
    this.#blocks.push({ next, end: next + size })
  }
}
