/** B40: splitting a stream into messages. */
import { deepStrictEqual, throws } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Framer } from '../../../src/openflow/index.ts'
import { encodedSamples } from '../support/samples.ts'

/** Copies of the messages that a framer yields. */
function frames(chunks: Iterable<Uint8Array>): Uint8Array[] {
  const framer = new Framer()
  const out: Uint8Array[] = []
  for (const chunk of chunks) for (const frame of framer.push(chunk)) out.push(frame.slice())
  deepStrictEqual(framer.held, 0)
  return out
}

t.test('B40 a message cut at every byte boundary', async () => {
  for (const bytes of encodedSamples(2)) {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      deepStrictEqual(frames([bytes.subarray(0, cut), bytes.subarray(cut)]), [bytes])
    }
    deepStrictEqual(frames(Array.from(bytes, (octet) => Uint8Array.of(octet))), [bytes])
  }
})

t.test('B40 several messages in one chunk, and many messages in chunks of any size', async () => {
  const all = encodedSamples(3)
  const stream = new Uint8Array(Buffer.concat(all))
  deepStrictEqual(frames([stream]), all)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      deepStrictEqual(frames(places.slice(1).map((end, index) => stream.subarray(places[index], end))), all)
    }),
  )
})

t.test('B40 a wrong length: one shorter than the header is refused, a longer one waits', async () => {
  for (const length of [0, 1, 7]) {
    const head = Uint8Array.of(6, 2, 0, length, 0, 0, 0, 1)
    throws(() => [...new Framer().push(head)], { code: 'malformed', offset: 2, error: { errorType: 1, code: 6 } })
  }
  const framer = new Framer()
  deepStrictEqual([...framer.push(Uint8Array.of(6, 2, 0xff, 0xff, 0, 0, 0, 1))], [])
  deepStrictEqual(framer.held, 8)
})
