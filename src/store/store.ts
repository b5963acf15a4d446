/**
 * What Plugboard asks of a store: an ordered map from string to JSON value, with atomic commits of many keys that are
 * conditional on revisions, a watch that tells committed writes, and counters that hand out blocks of numbers. A replicated
 * store such as etcd offers the same. Several writers may share one store.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

export interface Entry {
  readonly key: string
  readonly value: Json
  /** The revision of the commit that wrote it last. */
  readonly revision: number
}

export type Write = { readonly put: string; readonly value: Json } | { readonly remove: string }

/** A fence: a commit is refused unless the key has this revision; 0 means that there is no such key. */
export interface Condition {
  readonly key: string
  readonly revision: number
}

export type Outcome =
  /** The revision of the commit, which all of its keys have now; of a commit without writes, that of the store. */
  | { readonly committed: true; readonly revision: number }
  /** Nothing was written: this condition did not hold. `found` is what it should have said. */
  | { readonly committed: false; readonly found: Condition }

/** One commit, as a watch tells it. */
export interface Commit {
  readonly revision: number
  readonly writes: readonly Write[]
}

export interface Store {
  /**
   * Writes that a commit should have at most. A writer stops gathering operations for a commit when it has this many. One
   * operation alone may need more: the store takes those as a whole, too.
   */
  readonly maxWrites: number
  /** The revision of the latest commit; 0 if there was none. Revisions only grow, by one or more with each commit. */
  revision(): Promise<number>
  get(key: string): Promise<Entry | undefined>
  /**
   * Entries whose key begins with `prefix` and comes after `after`, in the order of the bytes of their keys. A long range may
   * be read in parts, each as of the moment when it is read. A reader that needs all of it as of one revision asks for
   * `revision()` first, and applies what the watch tells from there.
   */
  range(prefix: string, options?: { readonly after?: string; readonly limit?: number }): AsyncIterable<Entry>
  /**
   * Writes all or nothing. It is durable (on disk, or on a quorum of disks) when the promise resolves.
   * @throws StoreError `cannot-commit` if the store did not take it, `malformed` if something cannot be a key
   */
  commit(writes: readonly Write[], conditions?: readonly Condition[]): Promise<Outcome>
  /**
   * Tells every commit after a revision once it is durable, in order, the caller's own too. It ends when the signal fires and
   * when the store is closed.
   * @throws StoreError `compacted` if the store does not remember all commits after that revision: read it anew, and watch
   * from there. A watcher that falls far behind meets this, too.
   */
  watch(after: number, signal?: AbortSignal): AsyncIterable<Commit>
  /**
   * Takes numbers from a counter that no other taker gets, durably.
   * @param counter the key of the counter: its value is the next number to hand out
   * @param size how many numbers
   * @param start the first number that the counter ever hands out
   * @returns the first of them
   * @throws StoreError `cannot-commit`
   */
  takeBlock(counter: string, size: number, start: number): Promise<number>
  /** Waits for commits under way, and ends watches. */
  close(): Promise<void>
}

/** The store cannot be opened, read or written. `message` says what and why; `cause` is the engine's own error. */
export class StoreError extends Error {
  readonly code: 'cannot-open' | 'newer-schema' | 'not-empty' | 'malformed' | 'cannot-commit' | 'compacted'
  constructor(code: StoreError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreError'
    this.code = code
  }
}
