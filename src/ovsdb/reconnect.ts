/** A connection that comes back: after 1 s at first, then after twice as long each time, up to 8 s. */
import { type ConnectOptions, connect, handOver, type OnConnection, type Target } from './connect.ts'
import type { Connection } from './connection.ts'

export interface Retry {
  /** Why there is no connection. */
  readonly reason: string
  /** Milliseconds until the next attempt. */
  readonly delay: number
}

export interface ReconnectingOptions extends Omit<ConnectOptions, 'signal'> {
  readonly onConnection: OnConnection
  /** Told of every attempt that failed and every connection that was lost. What it throws is a warning of the process. */
  readonly onRetry?: (retry: Retry) => void
  /** Milliseconds; 1000 and 8000 unless said. */
  readonly backoff?: { readonly min: number; readonly max: number }
}

export class Reconnecting {
  readonly #target: Target
  readonly #options: ReconnectingOptions
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  #connection: Connection | undefined

  constructor(target: Target, options: ReconnectingOptions) {
    this.#target = target
    this.#options = options
    this.#ended = this.#run()
  }

  /** The connection, while there is one. */
  get connection(): Connection | undefined {
    return this.#connection
  }

  /** Ends the connection, or the attempts at one. */
  async close(reason?: string): Promise<void> {
    this.#stop.abort()
    this.#connection?.close(reason)
    await this.#ended
  }

  async #run(): Promise<void> {
    const { min, max } = this.#options.backoff ?? { min: 1000, max: 8000 }
    let delay = min
    while (!this.#stop.signal.aborted) {
      const { reason, heard } = await this.#once()
      if (this.#stop.signal.aborted) return
      // A server that accepts and says nothing counts as one that does not answer.
      if (heard) delay = min
      this.#tell({ reason, delay })
      await pause(delay, this.#stop.signal)
      delay = Math.min(2 * delay, max)
    }
  }

  #tell(retry: Retry): void {
    try {
      this.#options.onRetry?.(retry)
    } catch (thrown) {
      process.emitWarning(thrown instanceof Error ? thrown : String(thrown))
    }
  }

  /** One attempt, and the life of the connection if it succeeds. */
  async #once(): Promise<{ readonly reason: string; readonly heard: boolean }> {
    const { onConnection, ...options } = this.#options
    try {
      const connection = await connect(this.#target, { ...options, signal: this.#stop.signal })
      this.#connection = connection
      if (this.#stop.signal.aborted) connection.close()
      else void handOver(connection, onConnection)
      const { reason } = await connection.closed
      return { reason, heard: connection.heard }
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), heard: false }
    } finally {
      this.#connection = undefined
    }
  }
}

export const reconnecting = (target: Target, options: ReconnectingOptions): Reconnecting =>
  new Reconnecting(target, options)

/** Resolves after this many milliseconds, or at once when the signal says so or has said so. */
const pause = (delay: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delay)
    signal.addEventListener('abort', done)
  })
