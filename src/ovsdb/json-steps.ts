/**
 * Parses long JSON in steps, so that it does not hold the event loop. `JSON.parse` needs some 100 ms for 20 MB, and
 * several times as long for a text that was made to be slow. The result is the same, except that very long strings and
 * numbers are refused.
 */
import { parse } from './json-framer.ts'
import { OvsdbError } from './ovsdb-error.ts'

/** Octets between two steps: well below a millisecond. */
const STEP_OCTETS = 16 * 1024
/** A string is read in one step. No value of ovsdb-server is nearly as long. */
const MAX_STRING_OCTETS = 1024 * 1024
const MAX_NUMBER_OCTETS = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const WORDS = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])

/** What may come next. */
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end'

/** An open array or object. */
interface Container {
  /** The object; undefined: it is an array, whose elements are the last ones of `#elements`, from `first`. */
  readonly object: Record<string, unknown> | undefined
  readonly first: number
  /** The key of the next member. */
  key: string
}

/**
 * Yields between two steps.
 * @returns the value
 * @throws OvsdbError malformed-message
 */
export function* parseInSteps(octets: Buffer): Generator<void, unknown, undefined> {
  const parser = new Parser(octets)
  while (!parser.step()) yield
  return parser.value
}

class Parser {
  value: unknown
  readonly #octets: Buffer
  readonly #open: Container[] = []
  /** The elements of all open arrays. They are copied when an array ends, so that it takes no more memory than needed. */
  readonly #elements: unknown[] = []
  #expected: Expected = 'value'
  #at = 0

  constructor(octets: Buffer) {
    this.#octets = octets
  }

  /** @returns whether the end is reached */
  step(): boolean {
    const { length } = this.#octets
    const until = Math.min(this.#at + STEP_OCTETS, length)
    while (this.#at < until) {
      const byte = this.#octets[this.#at] ?? 0
      if (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09) this.#at += 1
      else this.#token(byte)
    }
    if (this.#at < length) return false
    if (this.#open.length > 0 || this.#expected !== ', or end') throw this.#misfit()
    return true
  }

  #token(byte: number): void {
    if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) this.#end(byte)
    else if (this.#expected === ', or end') this.#comma(byte)
    else if (this.#expected === ':') this.#colon(byte)
    else if (this.#expected === 'key' || this.#expected === 'key or }') this.#key(byte)
    else if (byte === QUOTE) this.#take(this.#string())
    else if (byte === OPEN_BRACE) this.#begin({}, 'key or }')
    else if (byte === OPEN_BRACKET) this.#begin(undefined, 'value or ]')
    else this.#take(this.#word())
  }

  #begin(object: Container['object'], expected: Expected): void {
    this.#open.push({ object, first: this.#elements.length, key: '' })
    this.#expected = expected
    this.#at += 1
  }

  #end(byte: number): void {
    const container = this.#open.at(-1)
    const isArray = byte === CLOSE_BRACKET
    const isAllowed = this.#expected === ', or end' || this.#expected === (isArray ? 'value or ]' : 'key or }')
    if (!container || !isAllowed || (container.object === undefined) !== isArray) throw this.#misfit()
    this.#open.pop()
    this.#at += 1
    this.#take(container.object ?? this.#takeElements(container.first))
  }

  #takeElements(first: number): unknown[] {
    const elements = this.#elements.slice(first)
    this.#elements.length = first
    return elements
  }

  #comma(byte: number): void {
    const container = this.#open.at(-1)
    if (byte !== COMMA || !container) throw this.#misfit()
    this.#expected = container.object ? 'key' : 'value'
    this.#at += 1
  }

  #key(byte: number): void {
    const container = this.#open.at(-1)
    if (byte !== QUOTE || !container) throw this.#misfit()
    container.key = this.#string()
    this.#expected = ':'
  }

  #colon(byte: number): void {
    if (byte !== COLON) throw this.#misfit()
    this.#expected = 'value'
    this.#at += 1
  }

  #take(value: unknown): void {
    this.#expected = ', or end'
    const container = this.#open.at(-1)
    if (!container) this.value = value
    else if (!container.object) this.#elements.push(value)
    else if (container.key === '__proto__') {
      const property = { value, writable: true, enumerable: true, configurable: true }
      Object.defineProperty(container.object, container.key, property)
    } else container.object[container.key] = value
  }

  #string(): string {
    const start = this.#at + 1
    const most = Math.min(start + MAX_STRING_OCTETS, this.#octets.length)
    let isPlain = true
    for (let at = start; at < most; at += 1) {
      const byte = this.#octets[at] ?? 0
      if (byte === QUOTE) {
        this.#at = at + 1
        // A plain string has one octet for each character.
        return isPlain
          ? this.#octets.toString('latin1', start, at)
          : String(parse(this.#octets.subarray(start - 1, at + 1)))
      }
      if (byte === BACKSLASH) at += 1
      if (byte === BACKSLASH || byte < SPACE || byte >= 0x80) isPlain = false
    }
    throw most < this.#octets.length ? this.#tooLong('string', MAX_STRING_OCTETS) : this.#misfit()
  }

  /** A number, true, false or null. */
  #word(): unknown {
    let end = this.#at
    while (end - this.#at <= MAX_NUMBER_OCTETS && isOfWord(this.#octets[end])) end += 1
    if (end - this.#at > MAX_NUMBER_OCTETS) throw this.#tooLong('number', MAX_NUMBER_OCTETS)
    const text = this.#octets.toString('latin1', this.#at, end)
    if (!NUMBER.test(text) && !WORDS.has(text)) throw this.#misfit()
    this.#at = end
    return WORDS.has(text) ? WORDS.get(text) : Number(text)
  }

  #misfit(): OvsdbError {
    const byte = this.#octets[this.#at]
    const got = byte === undefined ? 'its end' : `byte 0x${byte.toString(16)}`
    return new OvsdbError('malformed-message', `not JSON: ${got} at ${this.#at} instead of ${this.#expected}`)
  }

  #tooLong(what: string, octets: number): OvsdbError {
    return new OvsdbError('malformed-message', `a ${what} of more than ${octets} bytes at ${this.#at}`)
  }
}

/** Letters, digits, signs and points. */
const isOfWord = (byte = 0): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  byte === 0x2d ||
  byte === 0x2b ||
  byte === 0x2e ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x45
