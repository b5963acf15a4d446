/**
 * A process that keeps a store open: `writer.ts DIRECTORY` says `open`, then commits pairs without end and says the number
 * of each that was answered; `writer.ts DIRECTORY idle` only holds it.
 */
import { openStore } from '../../../src/store/lmdb/open.ts'

const [path = '', idle] = process.argv.slice(2)
const store = openStore(path)
process.stdout.write('open\n')

/** Several at a time, so that some share a transaction and one is always on its way. */
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
