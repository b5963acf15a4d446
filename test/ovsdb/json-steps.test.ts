/** Long JSON is parsed in steps, with the same result as by JSON.parse. */
import fc from 'fast-check'
import t from 'tap'
import { parse } from '../../src/ovsdb/json-framer.ts'
import { parseInSteps } from '../../src/ovsdb/json-steps.ts'

const steps = (text: string | Buffer) => {
  const work = parseInSteps(Buffer.from(text))
  let count = 1
  for (;;) {
    const step = work.next()
    if (step.done) return { value: step.value, count }
    count += 1
  }
}

/** What a parser makes of a text: its value as JSON, or that it refuses the text. */
const outcome = (work: () => unknown): string | undefined => {
  try {
    return JSON.stringify(work())
  } catch {
    return undefined
  }
}

t.test('B101: parsing in steps gives what JSON.parse gives', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), fc.constantFrom(0, 1, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      return JSON.stringify(steps(text).value) === JSON.stringify(JSON.parse(text))
    }),
    { numRuns: 500 },
  )
  t.strictSame(steps('{"__proto__":{"a":1},"a":"é\\n\\u0041","a":2}').value, JSON.parse('{"__proto__":{"a":1},"a":2}'))
})

t.test('B101: parsing in steps refuses what JSON.parse refuses', async (t) => {
  const texts = ['', ' ', '{', '}', '[', ']', '[1,]', '{"a":1,}', '{,}', '[,1]', '{"a"}', '{"a":}', '{"a" 1}', '{a:1}']
  texts.push('[1 2]', '1 2', '01', '-', '1.', '.5', '1e', '+1', 'nul', 'nulll', 'NaN', '"', '"a', '"\\x"', '"\u0001"')
  texts.push('[}', '{]', '[1}', '{"a":1]', '{1:1}', '"a" "b"', '"\\', ':', ',', '{"a"::1}', '[[]', '[]]', '{}}', 'tRue')
  for (const text of texts) {
    t.equal(
      outcome(() => parse(Buffer.from(text))),
      undefined,
      text,
    )
    t.throws(() => steps(text), { code: 'malformed-message' }, text)
  }
  t.throws(() => steps(Buffer.from([0x22, 0xff, 0x22])), { code: 'malformed-message' }, 'bad UTF-8')
  // Any text with one character changed: both take it, or both refuse it.
  const change = fc.tuple(fc.jsonValue(), fc.nat(), fc.constantFrom(...'[]{}":,\\ 01-e.tn\n'))
  fc.assert(
    fc.property(change, ([value, place, character]) => {
      const text = JSON.stringify(value)
      const at = place % text.length
      const changed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`
      return outcome(() => JSON.parse(changed)) === outcome(() => steps(changed).value)
    }),
    { numRuns: 2000 },
  )
})

t.test('B101: each step is short, whatever the text', async (t) => {
  const rows = JSON.stringify(
    Array.from({ length: 5_000 }, (_, n) => ({ name: `tap${n}`, ids: ['map', [['a', 'b']]] })),
  )
  for (const text of [rows, `[${'[],'.repeat(100_000)}0]`, `{"a"${' '.repeat(200_000)}:1}`]) {
    const { value, count } = steps(text)
    t.ok(count >= text.length / 16_384 - 1, `${count} steps`)
    t.equal(JSON.stringify(value), JSON.stringify(JSON.parse(text)))
  }
  t.throws(() => steps(`["${'x'.repeat(2_000_000)}"]`), { code: 'malformed-message', message: /a string of more than/ })
  t.throws(() => steps(`[${'1'.repeat(100)}]`), { code: 'malformed-message', message: /a number of more than/ })
})
