/** B40: chunks to messages, whatever the cuts; lengths that lie. */
import { deepStrictEqual, ok, throws } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decode, encode, Framer, type Message, OpenFlowError } from '../../src/openflow/index.ts'
import { messages } from './support/arbitrary.ts'

const samples = (count: number): Uint8Array[] =>
  Object.values(messages).flatMap((arbitrary) =>
    fc.sample(arbitrary as fc.Arbitrary<Message>, { numRuns: count, seed: 7 }).map(encode),
  )

/** What comes out of a framer, as copies. */
function frames(chunks: Iterable<Uint8Array>): Uint8Array[] {
  const framer = new Framer()
  const out: Uint8Array[] = []
  for (const chunk of chunks) for (const frame of framer.push(chunk)) out.push(frame.slice())
  deepStrictEqual(framer.held, 0)
  return out
}

t.test('B40 a message cut at every byte boundary', async () => {
  for (const bytes of samples(2)) {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      deepStrictEqual(frames([bytes.subarray(0, cut), bytes.subarray(cut)]), [bytes])
    }
    deepStrictEqual(frames(Array.from(bytes, (octet) => Uint8Array.of(octet))), [bytes])
  }
})

t.test('B40 several messages in one chunk, and any cuts of many', async () => {
  const all = samples(3)
  const stream = new Uint8Array(Buffer.concat(all))
  deepStrictEqual(frames([stream]), all)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      deepStrictEqual(frames(places.slice(1).map((end, index) => stream.subarray(places[index], end))), all)
    }),
  )
})

t.test('B40 a length that lies: shorter than the head is refused, longer waits for what never comes', async () => {
  for (const length of [0, 1, 7]) {
    const head = Uint8Array.of(6, 2, 0, length, 0, 0, 0, 1)
    throws(() => [...new Framer().push(head)], { code: 'malformed', offset: 2, error: { errorType: 1, code: 6 } })
  }
  const framer = new Framer()
  deepStrictEqual([...framer.push(Uint8Array.of(6, 2, 0xff, 0xff, 0, 0, 0, 1))], [])
  deepStrictEqual(framer.held, 8)
})

t.test('B40 a length inside a message that lies is refused with its place and the error to answer', async () => {
  let refused = 0
  for (const bytes of samples(3)) {
    for (let at = 8; at + 1 < bytes.length; at += 1) {
      for (const lie of [0, 3, 7, 0xffff]) {
        const changed = bytes.slice()
        new DataView(changed.buffer).setUint16(at, lie)
        try {
          decode(changed)
        } catch (error) {
          ok(error instanceof OpenFlowError, String(error))
          deepStrictEqual(error.code, 'malformed')
          ok(error.offset !== undefined && error.offset <= bytes.length)
          ok(error.error !== undefined)
          refused += 1
        }
      }
    }
  }
  ok(refused > 1000)
})

t.test('B40 no octets make the decoder throw anything but its own error', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 200 }), (type, body) => {
      const bytes = new Uint8Array([6, type, 0, 8 + body.length, 0, 0, 0, 1, ...body])
      try {
        decode(bytes)
      } catch (error) {
        ok(error instanceof OpenFlowError && error.code === 'malformed' && error.error, String(error))
      }
    }),
    { numRuns: 5000 },
  )
})

t.test('B40 an unknown version is refused with BAD_VERSION, but for what every version has', async () => {
  for (const version of [0, 1, 4, 5, 7, 255]) {
    throws(() => decode(Uint8Array.of(version, 5, 0, 8, 0, 0, 0, 1)), { error: { errorType: 1, code: 0 } })
    deepStrictEqual(decode(Uint8Array.of(version, 0, 0, 8, 0, 0, 0, 1)), { version, xid: 1, type: 'hello' })
    deepStrictEqual(decode(Uint8Array.of(version, 2, 0, 8, 0, 0, 0, 1)).type, 'echo_request')
  }
})

t.test('B40 unknown types, actions, instructions, fields and multiparts are kept byte for byte', async () => {
  const flowMod = encode({
    type: 'flow_mod',
    command: 'add',
    table: 0,
    priority: 0,
    match: [
      { field: 'unknown', class: 0x7000, type: 5, hasMask: true, body: Uint8Array.of(1, 2, 3, 4) },
      { field: 'unknown', class: 0xffff, type: 5, hasMask: false, experimenter: 0xabcdef, body: Uint8Array.of(9) },
    ],
    instructions: [
      {
        type: 'apply_actions',
        actions: [
          { type: 'unknown', code: 99, body: Uint8Array.of(1, 2, 3, 4) },
          { type: 'unknown', code: 0xffff, experimenter: 0x2320, body: Uint8Array.of(0, 200, 1, 2, 3, 4, 5, 6) },
          { type: 'unknown', code: 0xffff, experimenter: 0x1234, body: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
        ],
      },
      { type: 'unknown', code: 0xffff, body: Uint8Array.of(1, 2, 3, 4) },
    ],
  })
  const others = [
    Uint8Array.of(6, 77, 0, 11, 0, 0, 0, 1, 1, 2, 3),
    Uint8Array.of(6, 4, 0, 16, 0, 0, 0, 1, 0, 0, 0x23, 0x20, 0, 0, 0, 9),
    Uint8Array.of(6, 19, 0, 18, 0, 0, 0, 1, 0, 99, 0, 1, 0, 0, 0, 0, 1, 2),
  ]
  for (const bytes of [flowMod, ...others]) deepStrictEqual(encode(decode(bytes)), bytes)
})

t.test('B44 the data of an error may be cut to 64 octets, or to none', async () => {
  for (const size of [0, 1, 8, 64]) {
    const data = new Uint8Array(size).fill(7)
    const decoded = decode(encode({ type: 'error', errorType: 17, code: 2, data }))
    deepStrictEqual(decoded, { version: 6, xid: 0, type: 'error', errorType: 17, code: 2, data })
  }
})

t.test('a value that its field cannot hold is refused by name', async () => {
  const mod = { type: 'flow_mod', command: 'add', table: 0, priority: 0, match: [] } as const
  const refused = (message: Message, words: RegExp): void =>
    throws(() => encode(message), { code: 'out-of-range', message: words })
  refused({ ...mod, priority: 65536 }, /priority holds 65536/)
  refused({ ...mod, table: -1 }, /table holds -1/)
  refused({ ...mod, cookie: 1n << 64n }, /cookie/)
  refused({ ...mod, match: [{ field: 'vlan_vid', value: 0x2000 }] }, /vlan_vid holds 8192/)
  refused({ ...mod, match: [{ field: 'reg0', value: 1.5 }] }, /reg0 holds 1.5/)
  refused({ ...mod, match: [{ field: 'metadata', value: -1n }] }, /metadata holds -1/)
  refused({ ...mod, instructions: [{ type: 'goto_table', table: 256 }] }, /goto_table holds 256/)
  refused({ ...mod, instructions: [{ type: 'apply_actions', actions: [{ type: 'output', port: -1 }] }] }, /output port/)
  const many = Array.from({ length: 5000 }, () => ({ type: 'output', port: 1 }) as const)
  refused({ ...mod, instructions: [{ type: 'apply_actions', actions: many }] }, /octets: 65535 is the most/)
})
