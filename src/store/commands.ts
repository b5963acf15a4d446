/** `plugboard store dump` and `plugboard store load`. */
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { dump, load } from './dump.ts'

/** Writes the store to a stream, which stays open. @throws StoreError, the stream's error */
export async function writeDump(path: string, output: Writable): Promise<void> {
  await pipeline(Readable.from(linesOf(path)), output, { end: false })
}

function* linesOf(path: string): Generator<string> {
  for (const line of dump(path)) yield `${line}\n`
}

/** A terminal; progress is not written to a file. */
export interface Console extends Writable {
  readonly isTTY?: boolean
}

/**
 * Fills an empty store from a file, or from a stream if no file is named.
 * @returns the number of entries in the store now
 * @throws StoreError, the file's error
 */
export async function readDump(
  path: string,
  file: string | undefined,
  input: Readable,
  console: Console,
): Promise<number> {
  const handle = file === undefined ? undefined : await open(file)
  const lines = handle ? handle.readLines() : createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  try {
    return await load(path, lines, (written, of) => {
      if (console.isTTY) console.write(`\r${written} of ${of} entries${written === of ? '\n' : ''}`)
    })
  } finally {
    await handle?.close()
  }
}
