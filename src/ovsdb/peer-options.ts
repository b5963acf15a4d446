/** The limits of a connection, how requests are made, and why a connection has ended. */
import type { OvsdbError } from './ovsdb-error.ts'

/** The limits of a connection. */
export interface PeerOptions {
  /** The maximum size of a message of the peer in bytes. Default: 256 MiB. */
  readonly maxMessage?: number
  /** The maximum number of bytes that wait for the peer to read them. Default: 256 MiB. */
  readonly maxUnread?: number
  /** Milliseconds from the first byte of a message of the peer to its last one. Default: no limit. */
  readonly messageTimeout?: number
  /**
   * Milliseconds in which the peer must answer a request; otherwise the connection is closed. A peer that answers echo
   * requests alone is found in this way. Default: no limit.
   */
  readonly requestTimeout?: number
  /**
   * Milliseconds of silence after which an echo is sent, and after the same time again the connection is closed.
   * Default: 5000. 0 means never.
   */
  readonly probeInterval?: number
}

/** Why a connection has ended. */
export interface Closed {
  readonly reason: string
  /** What broke the connection. Undefined if `close` was called or the peer closed it properly. */
  readonly error: OvsdbError | undefined
}

/** How an answer is received, and how a request is canceled. */
export interface RequestOptions<T> {
  /**
   * Called as soon as the reply is read, before any later message. If it returns a promise, nothing is read until that
   * resolves. If it throws or rejects, the connection ends.
   */
  readonly receive?: (result: unknown) => T | Promise<T>
  /** Sends `cancel` (section 4.1.4). The request is rejected with code `canceled`, unless it was completed already. */
  readonly signal?: AbortSignal | undefined
}
