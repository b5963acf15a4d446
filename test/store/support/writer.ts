/**
 * A process that keeps a store open. `writer.ts DIRECTORY` prints `open`, then commits pairs without end, and prints the number
 * of each confirmed one. `writer.ts DIRECTORY idle` only keeps the store open.
 */
import { openStore } from '../../../src/store/lmdb/open.ts'

const [path = '', idle] = process.argv.slice(2)
const store = openStore(path)
process.stdout.write('open\n')

/** Several commits run at a time, so that some share a transaction and one is always in progress. */
async function commitForever(first: number, step: number): Promise<void> {
  for (let number = first; ; number += step) {
    await store.commit([
      { put: `left/${number}`, value: number },
      { put: `right/${number}`, value: { number, text: 'x'.repeat(number % 5000) } },
    ])
    process.stdout.write(`${number}\n`)
  }
}

if (idle) setInterval(() => undefined, 60_000)
else await Promise.all([0, 1, 2].map((first) => commitForever(first, 3)))
