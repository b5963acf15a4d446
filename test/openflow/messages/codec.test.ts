/**
 * Law 6 for messages: decoding an encoded message returns the same message, in every version. Encoding names what a version does
 * not have, and decoding refuses wrong octets with an error.
 */
import { deepStrictEqual, ok, throws } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  type Decoded,
  decode,
  encode,
  type Message,
  OpenFlowError,
  VERSIONS,
  versionName,
} from '../../../src/openflow/index.ts'
import { MESSAGE_TYPES, placesOf } from '../../../src/openflow/messages/message.ts'
import { MULTIPART_KINDS, multipartPlaces } from '../../../src/openflow/messages/multipart.ts'
import { messagesIn } from '../support/messages.ts'
import { same } from '../support/same.ts'
import { encodedSamples } from '../support/samples.ts'

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

/** The message without its version and xid, and without those of a bundled message. */
function withoutHeads({ version, xid, ...body }: Decoded, wanted: number): object {
  ok(version === wanted && typeof xid === 'number')
  if (body.type !== 'bundle_add' && body.type !== 'requestforward') return body
  const { version: inner, xid: its, ...message } = body.message
  if (body.type === 'requestforward' && inner !== wanted) return body
  same([inner, its], [wanted, body.type === 'bundle_add' ? xid : 0])
  return { ...body, message }
}

t.test('B40 a wrong length inside a message is refused with its offset and the error to answer', async () => {
  let refused = 0
  for (const bytes of encodedSamples(3)) {
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

t.test('B40 for any octets, the decoder throws only its own error', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...VERSIONS),
      fc.integer({ min: 0, max: 40 }),
      fc.uint8Array({ maxLength: 200 }),
      (version, type, body) => {
        const bytes = new Uint8Array([version, type, 0, 8 + body.length, 0, 0, 0, 1, ...body])
        try {
          decode(bytes)
        } catch (error) {
          ok(error instanceof OpenFlowError && error.code === 'malformed' && error.error, String(error))
        }
      },
    ),
    { numRuns: 5000 },
  )
})

t.test('B40 an unknown version is refused with BAD_VERSION, except for messages that every version has', async () => {
  for (const version of [0, 1, 2, 3, 7, 255]) {
    throws(() => decode(Uint8Array.of(version, 5, 0, 8, 0, 0, 0, 1)), { error: { errorType: 1, code: 0 } })
    deepStrictEqual(decode(Uint8Array.of(version, 0, 0, 8, 0, 0, 0, 1)), { version, xid: 1, type: 'hello' })
    deepStrictEqual(decode(Uint8Array.of(version, 2, 0, 8, 0, 0, 0, 1)).type, 'echo_request')
  }
})

t.test('B44 the data of an error may be truncated to 64 octets, or be empty', async () => {
  for (const size of [0, 1, 8, 64]) {
    const data = new Uint8Array(size).fill(7)
    const decoded = decode(encode({ type: 'error', errorType: 17, code: 2, data }))
    deepStrictEqual(decoded, { version: 6, xid: 0, type: 'error', errorType: 17, code: 2, data })
  }
})
