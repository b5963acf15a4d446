/** A bundle of which something was refused, so that nothing of it was done. */

import type { Message } from '../messages/message.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'

/** A message of a bundle that was refused. */
export interface Refused {
  /** Place in what was handed to `bundle`. */
  readonly index: number
  readonly message: Message
  /** What the switch answered. */
  readonly error: OpenFlowError
}

/**
 * A bundle of which something was refused, so that nothing of it was done. Its `code` is `bundle-refused`, its `error`
 * that of the first.
 */
export class BundleError extends OpenFlowError {
  /** In the order in which the switch told. */
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
