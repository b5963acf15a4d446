/**
 * Structured fuzzing: correct messages and lines are changed in ways that affect lengths, types and words. Each target runs one
 * case, and throws if a law does not hold. The same seed gives the same cases.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import {
  decode,
  encode,
  type Flow,
  type Message,
  OpenFlowError,
  parseFlow,
  parseMatch,
  printFlow,
  printMatch,
} from '../../../src/openflow/index.ts'
import { ACTION_LINES } from './actions.ts'
import { FIELD_MATCHES } from './fields.ts'
import { LINES } from './rules.ts'

/** Numbers from 0 to `below` - 1. */
export type Random = (below: number) => number

/** mulberry32. */
export function random(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const pick = <Value>(random: Random, from: readonly Value[]): Value => {
  const value = from[random(from.length)]
  ok(value !== undefined)
  return value
}

const lines = [...LINES, ...ACTION_LINES, ...FIELD_MATCHES.map((match) => `${match},actions=output:1`)]
const mods: readonly Message[] = lines.map((line) => ({ type: 'flow_mod', command: 'add', ...parseFlow(line) }))

/** Octets to start from: the rules of all lines in each version, and the given messages. */
export const corpus = (more: readonly Message[]): readonly Uint8Array[] => [
  // A version may lack some of it, such as an importance or a mask.
  ...[4, 5, 6].flatMap((version) =>
    mods.flatMap((message) => orRefused(() => [encode({ ...message, version })]) ?? []),
  ),
  ...more.map((message) => encode(message)),
]

const INTERESTING = [0, 1, 2, 4, 7, 8, 16, 0x7f, 0x80, 0xfe, 0xff]

/** One to four changes. Most of them leave the length of the message correct. */
function changed(random: Random, from: readonly Uint8Array[]): Uint8Array {
  let bytes = Uint8Array.from(pick(random, from))
  for (let count = 1 + random(4); count > 0; count -= 1) bytes = change(random, bytes, from)
  if (bytes.length >= 4 && random(5) > 0) new DataView(bytes.buffer).setUint16(2, bytes.length & 0xffff)
  return bytes
}

function change(random: Random, bytes: Uint8Array<ArrayBuffer>, from: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const at = random(bytes.length + 1)
  switch (random(8)) {
    case 0:
    case 1:
      if (at < bytes.length) bytes[at] = pick(random, INTERESTING)
      return bytes
    case 2:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
      return bytes
    case 3:
      // Changes a length, or what may be a length: 16 bits at an even offset.
      if ((at | 1) < bytes.length) new DataView(bytes.buffer).setUint16(at & ~1, 8 * random(12))
      return bytes
    case 4:
      return bytes.slice(0, at)
    case 5: {
      const other = pick(random, from)
      const start = random(other.length)
      const part = other.subarray(start, start + 8 * (1 + random(8)))
      return Uint8Array.from([...bytes.subarray(0, at), ...part, ...bytes.subarray(at)])
    }
    case 6:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 8)])
    default:
      return bytes.fill(random(2) * 0xff, at, at + 1 + random(8))
  }
}

/** The octets as part of a larger buffer. The other octets must not be read. */
function within(bytes: Uint8Array, around: number): Uint8Array {
  const room = new Uint8Array(bytes.length + 64).fill(around)
  room.set(bytes, 32)
  return room.subarray(32, 32 + bytes.length)
}

/** The value; undefined if it is refused in the right way. */
function orRefused<Value>(what: () => Value): Value | undefined {
  try {
    return what()
  } catch (error) {
    if (error instanceof OpenFlowError) return undefined
    throw error
  }
}

const plain = (value: unknown): unknown => structuredClone(value)

/** Decodes octets, encodes the result, and decodes it again. */
export function octetsTarget(random: Random, from: readonly Uint8Array[]): void {
  const bytes = changed(random, from)
  try {
    const message = orRefused(() => decode(within(bytes, 0xaa)))
    const other = orRefused(() => decode(within(bytes, 0x55)))
    deepStrictEqual(plain(other), plain(message), 'what stands around the message makes a difference')
    if (!message) return
    const again = Uint8Array.from(encode(message))
    ok(isSameButPadding(again, bytes), `encoded as ${Buffer.from(again).toString('hex')}`)
    const back = decode(again)
    deepStrictEqual(plain(back), plain(message), 'decoded, encoded and decoded it is another message')
    deepStrictEqual(encode(back), again, 'encoded twice it is not the same')
    if (message.type === 'flow_mod') textOf({ cookie: 0n, instructions: [], ...message })
  } catch (cause) {
    throw new Error(`octets ${Buffer.from(bytes).toString('hex')}`, { cause })
  }
}

/** Replaces octets without a meaning by zeros. */
function isSameButPadding(again: Uint8Array, bytes: Uint8Array): boolean {
  return again.length === bytes.length && again.every((octet, at) => octet === 0 || octet === bytes[at])
}

/**
 * Everything that can be decoded has a text. The text is parsed as a rule with the same text. A repeated field is parsed as
 * one.
 */
function textOf(flow: Flow): void {
  const text = printFlow(flow)
  const names = flow.match.map(({ field }) => field).filter((name) => name !== 'unknown')
  if (new Set(names).size < names.length) {
    orRefused(() => parseFlow(text))
    return
  }
  const again = orRefused(() => parseFlow(text))
  if (again) deepStrictEqual(printFlow(again), text, 'printed, read and printed it is another text')
  const match = orRefused(() => parseMatch(printMatch(flow.match)))
  if (match) deepStrictEqual(printMatch(match), printMatch(flow.match))
}

const WORDS = [
  '',
  ',',
  '(',
  ')',
  '/',
  '->',
  '=',
  ':',
  '[',
  ']',
  '..',
  '0x',
  '-1',
  '65536',
  '4294967296',
  'é',
  '\0',
  ' ',
]

function changedText(random: Random): string {
  let text = pick(random, lines)
  for (let count = 1 + random(3); count > 0; count -= 1) {
    const at = random(text.length + 1)
    const end = at + random(6)
    switch (random(5)) {
      case 0:
        text = text.slice(0, at) + text.slice(end)
        break
      case 1:
        text = text.slice(0, at) + pick(random, WORDS) + text.slice(random(2) === 0 ? at : end)
        break
      case 2: {
        const other = pick(random, lines)
        const start = random(other.length)
        text = text.slice(0, at) + other.slice(start, start + random(24)) + text.slice(at)
        break
      }
      case 3:
        text = text.replace(/\d+/, () => String(pick(random, INTERESTING) * (1 + random(70_000))))
        break
      default:
        text = text.slice(0, at) + String.fromCharCode(32 + random(95)) + text.slice(at + 1)
    }
  }
  return text
}

/** Parses a text, encodes the rule, and decodes it again. */
export function textTarget(random: Random): void {
  const text = changedText(random)
  try {
    const flow = orRefused(() => parseFlow(text))
    if (!flow) return
    const printed = printFlow(flow)
    deepStrictEqual(printFlow(parseFlow(printed)), printed, 'printed, read and printed it is another text')
    for (const version of [4, 6]) encoded({ type: 'flow_mod', command: 'add', version, ...flow })
  } catch (cause) {
    throw new Error(`text ${JSON.stringify(text)}`, { cause })
  }
}

/**
 * Decoding an encoded message returns the message, except for values that wrongly claim to be unknown. Other values are
 * refused.
 */
function encoded(message: Message): void {
  const bytes = orRefused(() => encode(message))
  if (!bytes) return
  if (hasUnknown(message)) {
    orRefused(() => decode(bytes))
    return
  }
  const back = decode(bytes)
  deepStrictEqual(encode(back), bytes, 'encoded, decoded and encoded it is not the same')
}

const hasUnknown = (value: unknown): boolean =>
  value === 'unknown' || (typeof value === 'object' && value !== null && Object.values(value).some(hasUnknown))

const NUMBERS = [-1, 0, 1, 0.5, 255, 256, 0x1000, 0xffff, 0x10000, 0xffffffff, 2 ** 32, 2 ** 48, 2 ** 53, Number.NaN]
const BIGINTS = [-1n, 0n, 1n, 0xffffn, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 128n - 1n, 2n ** 128n, 2n ** 992n]

/** The value with some of its numbers changed to other numbers, most of which do not fit. */
function changedValue(random: Random, value: unknown): unknown {
  if (typeof value === 'number') return random(12) === 0 ? pick(random, NUMBERS) : value
  if (typeof value === 'bigint') return random(12) === 0 ? pick(random, BIGINTS) : value
  if (value instanceof Uint8Array) return random(12) === 0 ? new Uint8Array(random(300)) : value
  if (Array.isArray(value)) return value.map((one) => changedValue(random, one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, changedValue(random, one)]))
}

/** Encodes values. */
export function valuesTarget(random: Random, from: readonly Uint8Array[]): void {
  const bytes = pick(random, from)
  const { version, ...message } = decode(bytes)
  const changed = changedValue(random, message) as Message
  try {
    encoded({ ...changed, version: random(4) === 0 ? pick(random, [4, 5, 6]) : version })
  } catch (cause) {
    throw new Error(`values ${Buffer.from(bytes).toString('hex')}`, { cause })
  }
}

/** Runs a target this many times, but no longer than this many milliseconds. */
export function runFor(
  { cases, milliseconds }: { readonly cases: number; readonly milliseconds: number },
  target: () => void,
): { readonly done: number; readonly longest: number } {
  const end = performance.now() + milliseconds
  let [done, longest, last] = [0, 0, performance.now()]
  for (; last < end && done < cases; done += 1) {
    target()
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  return { done, longest }
}
