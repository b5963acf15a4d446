/** No octets, values or text crash the library or make it hang. `npm run fuzz` runs the same for longer. */
import fc from 'fast-check'
import t from 'tap'
import { type Message, VERSIONS } from '../../src/openflow/index.ts'
import { corpus, octetsTarget, random, runFor, textTarget, valuesTarget } from './support/fuzz.ts'
import { messagesIn } from './support/messages.ts'

/** FUZZ_MS: milliseconds for each target; default: a fixed number of cases. FUZZ_SEED: another seed than the fixed one. */
const { FUZZ_MS, FUZZ_SEED = '1' } = process.env
const seed = Number(FUZZ_SEED)
const limits =
  FUZZ_MS === undefined
    ? { cases: 20_000, milliseconds: 20_000 }
    : { cases: Number.POSITIVE_INFINITY, milliseconds: Number(FUZZ_MS) }

/** Messages of every type in each version. */
const samples = VERSIONS.flatMap((version) =>
  Object.values(messagesIn(version)).flatMap((arbitrary) =>
    fc
      .sample(arbitrary as fc.Arbitrary<Message>, { numRuns: 20, seed })
      .map((message): Message => ({ ...message, version })),
  ),
)
const octets = corpus(samples)

const targets = {
  'octets into decode': octetsTarget,
  'values into encode': valuesTarget,
  'text into parse': textTarget,
}

for (const [name, target] of Object.entries(targets)) {
  t.test(name, { timeout: limits.milliseconds + 60_000 }, async (t) => {
    const next = random(seed)
    const { done, longest } = runFor(limits, () => target(next, octets))
    t.ok(done > 100, `${done} cases of seed ${seed}`)
    t.ok(longest < 2000, `the longest took ${longest.toFixed(0)} ms`)
  })
}
