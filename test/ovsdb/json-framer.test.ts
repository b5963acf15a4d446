import fc from 'fast-check'
import t from 'tap'
import { Framer } from '../../src/ovsdb/index.ts'

/** Brackets, quotes and backslashes in strings; characters of two, three and four bytes. */
const TRICKY = [
  {},
  { id: 1, result: { a: [{ b: ['{', '}', '[', ']', '"', '\\', '\\"', '\\\\'] }] } },
  { 'ü€😀': ['ü', '€', '😀', '\u2028', '\ud800'], '"}': '\n\t\u0000' },
  { method: 'echo', params: [[[]], {}, ''], id: 'echo' },
]

const join = (messages: readonly unknown[], between = ''): Buffer =>
  Buffer.from(messages.map((message) => JSON.stringify(message)).join(between))

const feed = (chunks: Iterable<Uint8Array>, framer = new Framer()): unknown[] => {
  const found: unknown[] = []
  for (const chunk of chunks) found.push(...framer.push(chunk))
  return found
}

t.test('messages cut at every byte', async (t) => {
  for (const between of ['', '\r\n \t']) {
    const bytes = join(TRICKY, between)
    t.strictSame(feed([bytes]), TRICKY, 'several in one segment')
    for (let cut = 0; cut <= bytes.length; cut++) {
      const found = feed([bytes.subarray(0, cut), bytes.subarray(cut)])
      if (JSON.stringify(found) !== JSON.stringify(TRICKY)) t.strictSame(found, TRICKY, `cut at ${cut}`)
    }
    t.strictSame(feed(Array.from(bytes, (byte) => Uint8Array.of(byte))), TRICKY, 'byte by byte')
  }
})

t.test('any messages in any pieces', async (t) => {
  const message = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme' }))
  fc.assert(
    fc.property(fc.array(message, { maxLength: 4 }), fc.array(fc.nat(40), { minLength: 1 }), (messages, sizes) => {
      const bytes = join(messages)
      const chunks: Uint8Array[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = (sizes[turn % sizes.length] ?? 0) + 1
        chunks.push(bytes.subarray(at, at + size))
        at += size
      }
      return JSON.stringify(feed(chunks)) === JSON.stringify(JSON.parse(`[${messages.map((m) => JSON.stringify(m))}]`))
    }),
  )
  t.pass()
})

t.test('what is not JSON', async (t) => {
  for (const text of ['x', '[]', '"a"', '1', '}', '{]', '{"a"}', '{"a":[}]', '{"a":1}x', '\ufeff{}', "{'a':1}"]) {
    t.throws(() => feed([Buffer.from(text)]), { code: 'malformed-message' }, text)
  }
  t.throws(
    () => feed([Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]),
    { code: 'malformed-message' },
    'bad UTF-8',
  )
  t.throws(() => feed([Buffer.from('{"a":'.repeat(2000))]), { code: 'malformed-message' }, 'too deep')
  const before: unknown[] = []
  t.throws(
    () => {
      for (const message of new Framer().push(Buffer.from('{"a":1}{"b":2}!'))) before.push(message)
    },
    { code: 'malformed-message' },
  )
  t.same(before, [{ a: 1 }, { b: 2 }], 'the messages before it are delivered')
})

t.test('a message over the limit', async (t) => {
  const bytes = join([{ a: 'x'.repeat(92) }])
  t.equal(bytes.length, 100)
  for (let cut = 0; cut < bytes.length; cut++) {
    const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)]
    t.equal(feed([...chunks, ...chunks], new Framer(100)).length, 2, 'each at the limit, both together over it')
    t.throws(() => feed(chunks, new Framer(99)), { code: 'message-too-large' })
  }
  t.throws(() => feed([bytes.subarray(0, 50)], new Framer(49)), { code: 'message-too-large' }, 'before it has ended')
})

t.test('a snapshot of 20 MB in small pieces', async (t) => {
  // If each chunk were scanned together with all earlier chunks, this would read 100 GB.
  const bytes = join([
    {
      rows: Array.from({ length: 200_000 }, (_, i) => ({
        name: `tap${i}`,
        ids: ['map', [['a{', '"b']]],
        fill: 'x'.repeat(60),
      })),
    },
  ])
  t.ok(bytes.length > 20e6)
  const chunks = Array.from({ length: Math.ceil(bytes.length / 2000) }, (_, i) =>
    bytes.subarray(i * 2000, (i + 1) * 2000),
  )
  const [message] = feed(chunks) as [{ rows: unknown[] }]
  t.equal(message.rows.length, 200_000)
})
