/** A connection that is made again whenever it is lost, to the same server or to another one of its cluster. */
import { type ConnectOptions, connect } from './connect.ts'
import type { Connection } from './connection.ts'
import { handOver, type OnConnection, warned } from './listen.ts'
import { admit, type Membership, type Progress } from './member.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { printTarget, type Target } from './target.ts'

const MIN_BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 8_000

/** Why there is no connection, and the time until the next attempt. */
export interface Retry {
  /** Why there is no connection. */
  readonly reason: string
  /** Milliseconds until the next attempt. 0 while some servers were not tried since the last connection. */
  readonly delay: number
}

/** Who receives each connection, and how connections are made. */
export interface ReconnectingOptions extends Omit<ConnectOptions, 'signal'> {
  readonly onConnection: OnConnection
  /** Called for every failed attempt and every lost connection. If it throws, the process emits a warning. */
  readonly onRetry?: (retry: Retry) => void
  /** Milliseconds between attempts. Default: 1000 and 8000. The time doubles after each round of all servers. */
  readonly backoff?: { readonly min: number; readonly max: number }
  /** Which of the servers are suitable. By default all that answer. */
  readonly member?: Membership
}

interface Outcome {
  readonly reason: string
  /** Whether the server sent anything. If it did, the delay starts again from the minimum. */
  readonly heard: boolean
  /** Milliseconds for which the connection was in use. */
  readonly lived: number
}

/**
 * A connection that is made again whenever it is lost, to the same server or to another one of its cluster. Made by
 * `reconnecting`.
 */
export class Reconnecting {
  readonly #targets: readonly Target[]
  readonly #options: ReconnectingOptions
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  readonly #progress: Progress = { index: 0 }
  /** The current connection, including one that is not yet known to be suitable. */
  #latest: Connection | undefined
  #connection: Connection | undefined
  #waiting: Array<() => void> = []

  /** @internal */
  constructor(targets: readonly Target[], options: ReconnectingOptions) {
    if (targets.length === 0) throw new TypeError('no targets')
    this.#targets = targets
    this.#options = options
    this.#ended = this.#run()
  }

  /** The connection, if there is one. */
  get connection(): Connection | undefined {
    return this.#connection
  }

  /**
   * Resolves with the connection as soon as there is one.
   * @throws OvsdbError closed
   */
  async connected(): Promise<Connection> {
    for (;;) {
      if (this.#stop.signal.aborted) throw new OvsdbError('closed')
      if (this.#connection !== undefined) return this.#connection
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Ends the connection, or the attempts to connect. */
  async close(reason?: string): Promise<void> {
    this.#stop.abort()
    this.#latest?.close(reason)
    this.#wake()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { min, max } = this.#options.backoff ?? { min: MIN_BACKOFF_MS, max: MAX_BACKOFF_MS }
    let delay = min
    let failures = 0
    for (const target of around(this.#targets)) {
      const { reason, heard, lived } = await this.#once(target)
      if (this.#stop.signal.aborted) return
      if (heard) delay = min
      // A connection that is lost at once must not reset the delay.
      if (lived >= min) failures = 0
      failures += 1
      const round = failures % this.#targets.length === 0
      const pauses = round ? delay : 0
      warned(() => this.#options.onRetry?.({ reason, delay: pauses }))
      await pause(pauses, this.#stop.signal)
      if (this.#stop.signal.aborted) return
      if (round) delay = Math.min(2 * delay, max)
    }
  }

  /** Makes one attempt, and serves the connection until it ends. */
  async #once(target: Target): Promise<Outcome> {
    const { onConnection, member } = this.#options
    try {
      const connection = await connect(target, { ...this.#options, signal: this.#stop.signal })
      this.#latest = connection
      if (this.#stop.signal.aborted) connection.close()
      if (member) await admitted(connection, member, this.#progress, target)
      const began = performance.now()
      if (this.#stop.signal.aborted) connection.close()
      else this.#serve(connection, onConnection)
      const { reason } = await connection.closed
      return { reason, heard: connection.heard, lived: performance.now() - began }
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), heard: false, lived: 0 }
    } finally {
      this.#latest = undefined
      this.#connection = undefined
    }
  }

  #serve(connection: Connection, onConnection: OnConnection): void {
    this.#connection = connection
    void handOver(connection, onConnection)
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/**
 * Connects to one of the servers, and to the next one whenever the connection is lost, until it is closed. Returns at
 * once. Each connection is passed to `onConnection`.
 * @param targets tried in this order, again and again
 * @throws TypeError if the list is empty
 */
export const reconnecting = (targets: Target | readonly Target[], options: ReconnectingOptions): Reconnecting =>
  new Reconnecting(isList(targets) ? targets : [targets], options)

const isList = (targets: Target | readonly Target[]): targets is readonly Target[] => Array.isArray(targets)

function* around<T>(values: readonly T[]): Generator<T> {
  for (;;) yield* values
}

/** @throws OvsdbError; then the connection is closed */
const admitted = async (
  connection: Connection,
  member: Membership,
  progress: Progress,
  target: Target,
): Promise<void> => {
  try {
    await admit(connection, member, progress)
  } catch (error) {
    connection.close()
    const reason = error instanceof Error ? error.message : String(error)
    throw new OvsdbError('unfit-server', `${printTarget(target)}: ${reason}`, { cause: error })
  }
}

/** Resolves after this number of milliseconds, or at once if the signal is or becomes aborted. */
const pause = (delay: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted || delay === 0) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delay)
    signal.addEventListener('abort', done)
  })
