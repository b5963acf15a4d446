/** Runs one transaction after the other on a database that only this process writes to. */
import { type Database, openDatabase, type Staged } from './database.ts'
import { encodeHead, HEAD, type Head } from './head.ts'
import { Room } from './room.ts'
import { seal } from './seal.ts'

export class Writer {
  readonly #path: string
  readonly #room: Room
  #database: Database
  /** Has the last write failed? */
  #suspect = false

  constructor(path: string, database: Database) {
    this.#path = path
    this.#database = database
    this.#room = new Room(path)
  }

  /** Callers must not keep it: after a failed write it may be replaced. */
  get database(): Database {
    return this.#database
  }

  /**
   * Writes everything or nothing. Durable when the promise resolves. Must not be called again before.
   * @throws the error of the system or of LMDB, see `reasonOf`
   */
  async write(staged: readonly Staged[], head: Head, revision: number): Promise<void> {
    if (this.#suspect) await this.recover()
    this.#room.reserve(this.#database, staged)
    const database = this.#database
    try {
      await database.batch(() => {
        for (const { key, text, revision } of staged) {
          if (text === null) void database.remove(key)
          else void database.put(key, seal(key, text, revision), revision)
        }
        void database.put(HEAD, encodeHead(head, revision), revision)
      })
      this.#suspect = false
    } catch (error) {
      this.#suspect = true
      // LMDB keeps the reason in a promise beside the error.
      if (error instanceof Error && 'commitError' in error) await error.commitError
      throw error
    }
  }

  /**
   * Makes the database usable again after a failed write. If the disk did not take the last page of the transaction, LMDB
   * refuses everything, also reads, until it is opened again. Must not be called during a write.
   * @throws the error of the system or of LMDB, see `reasonOf`
   */
  async recover(): Promise<void> {
    try {
      this.#database.transactionSync(() => undefined)
    } catch {
      await this.#database.close()
      this.#database = openDatabase(this.#path)
    }
  }

  async close(): Promise<void> {
    this.#room.close()
    await this.#database.close()
  }
}
