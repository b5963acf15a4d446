/** Reads the lines of a dump and checks each of them. */
import { encodeKey, type Staged } from './lmdb/database.ts'
import { checkSchema } from './lmdb/head.ts'
import { StoreError } from './store.ts'

export const FORMAT = 'plugboard-store'

/** The content of the first line. */
export interface Title {
  readonly format: typeof FORMAT
  readonly schema: number
  readonly revision: number
  /** The number of lines that follow, so that a truncated dump is noticed. */
  readonly entries: number
}

/** @throws StoreError `malformed` with the number of the line, `newer-schema` */
export class DumpReader {
  title: Title | undefined
  #line = 0
  #last: Uint8Array | undefined
  #entries = 0

  /** @returns undefined for the first line */
  read(line: string): Staged | undefined {
    this.#line += 1
    const object = this.#parse(line)
    if (this.title) return this.#entry(object, this.title)
    this.title = this.#titleOf(object)
    return undefined
  }

  /** Called at the end of the dump. @throws StoreError `malformed` if lines are missing */
  end(): Title {
    if (!this.title) throw new StoreError('malformed', `the dump is empty: its first line has {"format":"${FORMAT}",…}`)
    const { entries } = this.title
    if (this.#entries < entries) {
      throw new StoreError(
        'malformed',
        `the dump is cut short: its first line says ${entries} entries, and it has ${this.#entries}`,
      )
    }
    return this.title
  }

  #parse(line: string): object {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (error) {
      throw this.#malformed(`it is not JSON (${error instanceof Error ? error.message : String(error)})`)
    }
    if (typeof value !== 'object' || value === null) throw this.#malformed('it is not a JSON object')
    return value
  }

  #titleOf(object: object): Title {
    const { format, schema, revision, entries } = object as Partial<Title>
    if (format !== FORMAT)
      throw this.#malformed(`this is no dump of a store: the first line has {"format":"${FORMAT}",…}`)
    if (!isCount(schema) || !isCount(revision) || !isCount(entries)) {
      throw this.#malformed('"schema", "revision" and "entries" are whole numbers')
    }
    checkSchema(schema, 'the dump')
    return { format, schema, revision, entries }
  }

  #entry(object: object, title: Title): Staged {
    const { key: text, revision, value } = object as { key?: unknown; revision?: unknown; value?: unknown }
    if (this.#entries === title.entries)
      throw this.#malformed(`the first line says ${title.entries} entries, and this is one more`)
    if (typeof text !== 'string') throw this.#malformed('"key" is a string')
    if (!isCount(revision) || revision < 1 || revision > title.revision) {
      throw this.#malformed(`"revision" is a whole number from 1 to ${title.revision}, which the first line has`)
    }
    if (value === undefined) throw this.#malformed('"value" is missing')
    const key = this.#keyOf(text)
    if (this.#last && Buffer.compare(this.#last, key) >= 0) {
      throw this.#malformed(
        `the key ${JSON.stringify(text)} does not come after that of the line before: keys ascend, each is there once`,
      )
    }
    this.#last = key
    this.#entries += 1
    return { key, text: JSON.stringify(value), revision }
  }

  #keyOf(text: string): Uint8Array {
    try {
      return encodeKey(text)
    } catch (error) {
      throw this.#malformed(error instanceof Error ? error.message : String(error))
    }
  }

  #malformed(what: string): StoreError {
    return new StoreError('malformed', `line ${this.#line} of the dump is not right: ${what}`)
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
