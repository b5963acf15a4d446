/** Repeatable random choices. Tests print the seed; PLUGBOARD_SEED sets it. */

export class Random {
  readonly seed: number
  #state: number

  constructor(seed = Number(process.env.PLUGBOARD_SEED ?? Math.floor(Math.random() * 2 ** 32))) {
    this.seed = seed >>> 0
    this.#state = this.seed
  }

  /** A whole number, at least 0 and less than the bound (mulberry32). */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  /** @throws RangeError if there is nothing to pick from */
  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new RangeError('nothing to pick from')
    return value
  }
}
