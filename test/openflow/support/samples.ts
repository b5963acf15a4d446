/** Encoded messages of every type. */
import fc from 'fast-check'
import { encode, type Message, VERSIONS } from '../../../src/openflow/index.ts'
import { messagesIn } from './messages.ts'

/** Encoded messages of every type in every version, the same on each call. @param count how many of each type */
export const encodedSamples = (count: number): Uint8Array[] =>
  VERSIONS.flatMap((version) =>
    Object.values(messagesIn(version)).flatMap((arbitrary) =>
      fc
        .sample(arbitrary as fc.Arbitrary<Message>, { numRuns: count, seed: 7 })
        .map((message) => encode({ ...message, version })),
    ),
  )
