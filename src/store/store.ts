/**
 * What Plugboard asks of a store: an ordered map from string to JSON value with atomic multi-key commits that are
 * conditional on revisions, and a watch. That is what a replicated store such as etcd offers too.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

export interface Entry {
  readonly key: string
  readonly value: Json
  /** Grows with every write of this key, also when it is removed and made again; 0 means that there is no such key. */
  readonly revision: number
}

export type Write = { readonly put: string; readonly value: Json } | { readonly remove: string }

export interface Condition {
  readonly key: string
  readonly revision: number
}

export interface Store {
  get(key: string): Entry | undefined
  /**
   * Entries whose key begins with `prefix` and, where it is given, is greater than `after`; in the order of their keys, or
   * against it. A long range is read as it is asked for: each part is as of then.
   */
  range(
    prefix: string,
    options?: { readonly after?: string; readonly limit?: number; readonly reverse?: boolean },
  ): Iterable<Entry>
  /**
   * All of the writes or none, durable (synced to disk) when the promise resolves. Concurrent commits share a disk sync.
   * @returns false if a condition did not hold; then nothing was written
   * @throws StoreError `cannot-commit` if the disk did not take it, `malformed` if one cannot be a key: nothing was written
   */
  commit(writes: readonly Write[], conditions?: readonly Condition[]): Promise<boolean>
  /** Told of every write with this prefix after it is durable, in order. @returns how to stop */
  watch(prefix: string, told: (writes: readonly Write[]) => void): () => void
  /** Waits for commits under way. */
  close(): Promise<void>
}

/** The store cannot be opened, read or written. `message` says what and why; `cause` is the engine's own error. */
export class StoreError extends Error {
  readonly code: 'cannot-open' | 'newer-schema' | 'not-empty' | 'malformed' | 'cannot-commit'
  constructor(code: StoreError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreError'
    this.code = code
  }
}
