/** Law 6 for messages: what is encoded is decoded to the same, in each version; what a version has not is refused by name. */
import { ok, throws } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type Decoded, decode, encode, type Message, VERSIONS, versionName } from '../../../src/openflow/index.ts'
import { MESSAGE_TYPES, placesOf } from '../../../src/openflow/messages/message.ts'
import { MULTIPART_KINDS, multipartPlaces } from '../../../src/openflow/messages/multipart.ts'
import { messagesIn } from '../support/messages.ts'
import { same } from '../support/same.ts'

for (const version of VERSIONS) {
  for (const [type, arbitrary] of Object.entries(messagesIn(version))) {
    t.test(
      `law 6: ${type} of ${versionName(version)} is decoded as it was encoded, and encoded as decoded`,
      async () => {
        fc.assert(
          fc.property(arbitrary as fc.Arbitrary<Message>, fc.integer({ min: 0, max: 0xffffffff }), (message, xid) => {
            const bytes = encode({ ...message, version, xid })
            const decoded = decode(bytes)
            same(withoutHeads(decoded, version), message)
            same(encode(decoded), bytes)
          }),
          { numRuns: type.startsWith('multipart') ? 500 : 100 },
        )
      },
    )
  }

  t.test(`every type of ${versionName(version)} is under test, and the others are refused by name`, async (t) => {
    const tested = messagesIn(version)
    for (const type of MESSAGE_TYPES) {
      const isThere = placesOf(type)[version] !== undefined
      t.equal(type in tested, isThere, type)
      if (isThere) continue
      throws(() => encode({ type, version } as Message), {
        code: 'out-of-range',
        message: new RegExp(`${type}: OpenFlow`),
      })
    }
  })
}

for (const version of VERSIONS) {
  t.test(`every kind of multipart of ${versionName(version)} is under test`, async (t) => {
    const { multipart_request, multipart_reply } = messagesIn(version)
    for (const some of [multipart_request, multipart_reply]) {
      const sample = fc.sample(some as fc.Arbitrary<{ multipart: string }>, { numRuns: 2000, seed: 1 })
      const kinds = new Set(sample.map(({ multipart }) => multipart))
      for (const kind of MULTIPART_KINDS) t.equal(kinds.has(kind), multipartPlaces(kind)[version] !== undefined, kind)
    }
  })
}

/** Version and xid aside, those of a bundled message too. */
function withoutHeads({ version, xid, ...body }: Decoded, wanted: number): object {
  ok(version === wanted && typeof xid === 'number')
  if (body.type !== 'bundle_add' && body.type !== 'requestforward') return body
  const { version: inner, xid: its, ...message } = body.message
  if (body.type === 'requestforward' && inner !== wanted) return body
  same([inner, its], [wanted, body.type === 'bundle_add' ? xid : 0])
  return { ...body, message }
}
