/** The parts that random messages consist of. */
import fc from 'fast-check'
import { action, u32 } from './arbitrary.ts'

export type Shape = Readonly<Record<string, fc.Arbitrary<unknown>>>

/** Random messages of a part of the protocol, in one version. */
export interface Some {
  readonly messages: Readonly<Record<string, fc.Arbitrary<never>>>
  readonly requests: ReadonlyArray<fc.Arbitrary<never>>
  readonly replies: ReadonlyArray<fc.Arbitrary<never>>
}

/** Records with this `type`. The codec decides whether they are correct. */
export const of = (type: string, shape: Shape): fc.Arbitrary<never> =>
  fc.record({ type: fc.constant(type), ...shape }) as unknown as fc.Arbitrary<never>

/** Multipart messages of a kind. */
export const request = (multipart: string, shape: Shape): fc.Arbitrary<never> =>
  of('multipart_request', { multipart: fc.constant(multipart), ...shape })
export const reply = (multipart: string, shape: Shape): fc.Arbitrary<never> =>
  of('multipart_reply', { multipart: fc.constant(multipart), ...shape })

/** Removes keys without a value. */
export const some = (shape: Shape, optional: Shape): fc.Arbitrary<object> =>
  fc.tuple(fc.record(shape), fc.record(optional, { requiredKeys: [] })).map(([one, more]) => ({ ...one, ...more }))

export const list = (of: fc.Arbitrary<unknown>, maxLength = 3): fc.Arbitrary<unknown[]> => fc.array(of, { maxLength })
export const oneOf = (...names: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...names)
export const time = fc.record({ seconds: u32, nanoseconds: u32 })
export const text = fc.stringMatching(/^[a-z ]{0,16}$/)
export const not = (value: number): fc.Arbitrary<number> => u32.filter((one) => one !== value)

/** A property of an unknown experimenter. */
export const unknownProperty = of('unknown', {
  code: fc.constant(0xffff),
  body: fc.uint8Array({ minLength: 8, maxLength: 20 }),
})

/** Actions, and the actions that are the same in every version. */
export const actionsIn = (version: number): fc.Arbitrary<unknown> =>
  version < 6 ? u32.map((queue) => [{ type: 'set_queue', queue }]) : fc.array(action.one, { maxLength: 4 })
