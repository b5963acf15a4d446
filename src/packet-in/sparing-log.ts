/** Guests can cause some log lines as often as they like. The same line is logged once an interval, and not too many differ. */

const INTERVAL_MS = 60_000
const MAX_LINES = 2_000

export class SparingLog {
  #logged = new Set<string>()
  #since = 0

  /** @param what lines with the same words here count as the same */
  log(what: string, write: () => void): void {
    const now = performance.now()
    if (now - this.#since > INTERVAL_MS) {
      this.#logged = new Set()
      this.#since = now
    }
    if (this.#logged.size >= MAX_LINES || this.#logged.has(what)) return
    this.#logged.add(what)
    write()
  }
}
