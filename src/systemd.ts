/**
 * Tells systemd how the service is, by the protocol of sd_notify(3): ready, stopping, and alive for its watchdog. The messages go to
 * a Unix datagram socket. Node cannot open one, so the program `systemd-notify` sends them: every machine with systemd has it, it
 * knows all forms of the socket's address, and it ends only when systemd has read the message. A native module would have to be
 * compiled for each version of Node. The unit needs `NotifyAccess=all`, since the sender is a child process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Logger } from 'pino'

const PROGRAM = 'systemd-notify'

/** How many signs of life systemd gets within the time of its watchdog: one may be late. */
const SIGNS_PER_TIMEOUT = 3

export class Systemd {
  readonly #log: Logger
  readonly #isThere: boolean
  readonly #timeoutMs: number | undefined
  #signs: NodeJS.Timeout | undefined
  #isWarned = false

  /**
   * @param env the environment of the process. Without `NOTIFY_SOCKET`, nobody listens and nothing is sent. `WATCHDOG_USEC` is the
   *   time, in microseconds, after which systemd ends a service without a sign of life.
   */
  constructor(env: Readonly<Record<string, string | undefined>>, log: Logger) {
    this.#log = log
    this.#isThere = Boolean(env.NOTIFY_SOCKET)
    const timeout = Number(env.WATCHDOG_USEC)
    const isOurs = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(process.pid)
    this.#timeoutMs = isOurs && timeout > 0 ? timeout / 1000 : undefined
  }

  /** The service is ready. From now on systemd gets signs of life, as long as the event loop turns. */
  ready(status: string): void {
    this.#tell('READY=1', `STATUS=${status}`)
    if (this.#timeoutMs === undefined) return
    this.#signs = setInterval(() => this.#tell('WATCHDOG=1'), this.#timeoutMs / SIGNS_PER_TIMEOUT).unref()
  }

  /** The service ends. */
  stopping(): void {
    clearInterval(this.#signs)
    this.#tell('STOPPING=1', 'STATUS=stopping')
  }

  #tell(...assignments: readonly string[]): void {
    if (this.#isThere) void this.#send(assignments)
  }

  async #send(assignments: readonly string[]): Promise<void> {
    try {
      const [code] = await once(spawn(PROGRAM, assignments, { stdio: 'ignore' }), 'exit')
      if (code !== 0) this.#warn(`${PROGRAM} ended with ${code}`)
    } catch (error) {
      this.#warn(error instanceof Error ? error.message : String(error))
    }
  }

  /** Logged once: the cause of a failure stays the same. */
  #warn(reason: string): void {
    if (this.#isWarned) return
    this.#isWarned = true
    this.#log.warn({ reason }, 'cannot tell systemd how the service is, so it may end the service')
  }
}
