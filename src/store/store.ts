/**
 * What Plugboard needs from a store: an ordered map from string to JSON value, with atomic commits of many keys that depend on
 * revisions, a watch that delivers committed writes, and counters that hand out blocks of numbers. A replicated store such as
 * etcd offers the same. Several writers may share one store.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** The key of the entry with the id of a store (`src/core/identity.ts`). A store that has nothing else counts as empty. */
export const IDENTITY_KEY = 'identity'

export interface Entry {
  readonly key: string
  readonly value: Json
  /** The revision of the last commit that wrote the entry. */
  readonly revision: number
}

export type Write = { readonly put: string; readonly value: Json } | { readonly remove: string }

/** A fence: a commit is refused unless the key has this revision. 0 means that the key must not exist. */
export interface Condition {
  readonly key: string
  readonly revision: number
}

export type Outcome =
  /** The revision of the commit, which all of its keys have now. For a commit without writes, the revision of the store. */
  | { readonly committed: true; readonly revision: number }
  /** Nothing was written, because this condition did not hold. `found` is the revision that the key has. */
  | { readonly committed: false; readonly found: Condition }

/** One commit, as a watch delivers it. */
export interface Commit {
  readonly revision: number
  readonly writes: readonly Write[]
}

export interface Store {
  /**
   * The most writes that a commit should contain. A writer stops gathering operations for a commit at this number. A single
   * operation may need more: the store accepts it as a whole, too.
   */
  readonly maxWrites: number
  /**
   * A name of its own for each time that the content was replaced from a dump; null: it never was. After that, the content may be
   * older than what was told to others from this store before.
   */
  readonly load: string | null
  /** The revision of the latest commit; 0 if there was none. Each commit increases it by one or more. */
  revision(): Promise<number>
  get(key: string): Promise<Entry | undefined>
  /**
   * The entries whose key begins with `prefix` and comes after `after`, in the byte order of their keys. A long range may be
   * read in parts, each as of the moment when it is read. A reader that needs the state at one revision first calls
   * `revision()`, and then applies what the watch delivers from there.
   */
  range(prefix: string, options?: { readonly after?: string; readonly limit?: number }): AsyncIterable<Entry>
  /**
   * Writes all or nothing. It is durable (on disk, or on a quorum of disks) when the promise resolves.
   * @throws StoreError `cannot-commit` if the store did not take it, `malformed` if something cannot be a key
   */
  commit(writes: readonly Write[], conditions?: readonly Condition[]): Promise<Outcome>
  /**
   * Delivers every commit after a revision once it is durable, in order, including the caller's own. It ends when the signal
   * fires and when the store is closed.
   * @throws StoreError `compacted` if the store no longer has all commits after that revision: read the store again, and watch
   *   from there. This also happens to a watcher that falls far behind.
   */
  watch(after: number, signal?: AbortSignal): AsyncIterable<Commit>
  /**
   * Takes numbers from a counter, durably. No other caller gets the same numbers.
   * @param counter the key of the counter; its value is the next number to hand out
   * @param size how many numbers to take
   * @param start the first number that the counter ever hands out
   * @returns the first of the numbers
   * @throws StoreError `cannot-commit`
   */
  takeBlock(counter: string, size: number, start: number): Promise<number>
  /** Waits for commits in progress, and ends all watches. */
  close(): Promise<void>
}

/**
 * The store cannot be opened, read or written. `message` says what failed and why; `cause` is the error of the storage engine.
 */
export class StoreError extends Error {
  readonly code: 'cannot-open' | 'newer-schema' | 'not-empty' | 'malformed' | 'cannot-commit' | 'compacted'
  constructor(code: StoreError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreError'
    this.code = code
  }
}
