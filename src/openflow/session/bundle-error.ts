/**
 * The error of a bundle that was discarded because a message was refused. Its `code` is `bundle-refused`, and its
 * `error` is that of the first refused message.
 */

import type { Message } from '../messages/message.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'

/** A message that was refused. */
export interface Refused {
  /** The index among the messages that were given. */
  readonly index: number
  readonly message: Message
  /** What the switch answered. */
  readonly error: OpenFlowError
}

/**
 * The error of a bundle that was discarded because a message was refused. Its `code` is `bundle-refused`, and its
 * `error` is that of the first refused message.
 */
export class BundleError extends OpenFlowError {
  /** In the order in which the switch answered. */
  readonly refused: readonly Refused[]

  /** @internal */
  constructor(refused: readonly Refused[], cause?: unknown) {
    const [first] = refused
    const count = refused.length === 1 ? 'one message' : `${refused.length} messages`
    super('bundle-refused', `${count} of the bundle refused, the first: ${first?.error.message}`, {
      cause,
      ...(first?.error.error === undefined ? {} : { error: first.error.error }),
    })
    this.name = 'BundleError'
    this.refused = refused
  }
}
