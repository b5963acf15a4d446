/** Law 6 for messages: what is encoded is decoded to the same; and what cannot be is refused by name and place. */
import { ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type Decoded, decode, encode, type Message } from '../../src/openflow/index.ts'
import { messages } from './support/arbitrary.ts'
import { same } from './support/same.ts'

for (const [type, arbitrary] of Object.entries(messages)) {
  t.test(`law 6: ${type} is decoded as it was encoded, and encoded as it was decoded`, async () => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<Message>, fc.integer({ min: 0, max: 0xffffffff }), (message, xid) => {
        const bytes = encode({ ...message, xid })
        const decoded = decode(bytes)
        same(withoutHeads(decoded), message)
        same(encode(decoded), bytes)
      }),
      { numRuns: 200 },
    )
  })
}

/** Version and xid aside, those of a bundled message too. */
function withoutHeads({ version, xid, ...body }: Decoded): object {
  ok(version === 6 && typeof xid === 'number')
  if (body.type !== 'bundle_add') return body
  const { version: inner, xid: its, ...message } = body.message
  same([inner, its], [6, xid])
  return { ...body, message }
}
