/**
 * Logs lines that guests and strangers can cause as often as they like. A line is logged only once in each interval, and the
 * number of different lines is limited.
 */

const INTERVAL_MS = 60_000
const MAX_LINES = 2_000

export class SparingLog {
  readonly #maxLines: number
  #logged = new Set<string>()
  #since = 0

  /** @param maxLines the most different lines in a minute */
  constructor(maxLines = MAX_LINES) {
    this.#maxLines = maxLines
  }

  /** @param what lines with the same text here count as the same line */
  log(what: string, write: () => void): void {
    const now = performance.now()
    if (now - this.#since > INTERVAL_MS) {
      this.#logged = new Set()
      this.#since = now
    }
    if (this.#logged.size >= this.#maxLines || this.#logged.has(what)) return
    this.#logged.add(what)
    write()
  }
}
