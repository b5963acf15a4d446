/** Bundles: messages that a switch applies all together or not at all (OpenFlow 1.5.1, 7.3.9). */
import { BUNDLE_FLAGS } from '../messages/bundle-messages.ts'
import type { Message } from '../messages/message.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { BundleError, type Refused } from './bundle-error.ts'
import type { ErrorTaker, Requests } from './requests.ts'
import { SentMessages, sendAll } from './sent-messages.ts'

/** How a bundle is applied. */
export interface BundleOptions {
  /** Whether a packet sees either the whole bundle or nothing of it. Default: true. */
  readonly atomic?: boolean
  /** Whether the messages are applied in the order in which they are given. Default: true. */
  readonly ordered?: boolean
  /**
   * Commits the bundle only when this promise resolves, and discards it if it rejects. Switches drop an idle bundle;
   * Open vSwitch does so after 10 s.
   */
  readonly after?: Promise<unknown>
}

/**
 * Opens the bundle, adds the messages and closes it. If nothing was refused so far, commits it with a barrier behind;
 * otherwise discards it. The errors are awaited before the commit, because a switch commits the rest of a bundle even
 * if it refused some of the added messages. If the switch drops an idle bundle, sending stops: messages that were added
 * later would open another bundle that nobody commits.
 * @throws BundleError if a message was refused; OpenFlowError if the bundle itself was refused
 */
export async function sendBundle(
  requests: Requests,
  bundle: number,
  messages: Iterable<Message>,
  { atomic = true, ordered = true, after }: BundleOptions,
): Promise<void> {
  const flags = (atomic ? BUNDLE_FLAGS.atomic : 0) | (ordered ? BUNDLE_FLAGS.ordered : 0)
  type Step = 'open_request' | 'close_request' | 'commit_request' | 'discard_request'
  const step = (step: Step, xid = requests.nextXid()): Promise<unknown> =>
    requests.request({ type: 'bundle_control', bundle, step, flags, xid })
  const sent = new SentMessages()
  const refused: Refused[] = []
  const opening = requests.nextXid()
  const lost = new AbortController()
  const lose = (error: unknown): void => lost.abort(error)
  const taker: ErrorTaker = (xid, error) => {
    if (xid === opening) lose(error)
    const found = sent.find(xid)
    if (found) refused.push({ ...found, error })
    return found !== undefined || xid === opening
  }
  const fill = async (): Promise<void> => {
    // The opening is not awaited: the switch handles messages in order, and each wait costs a turn of its main loop.
    void step('open_request', opening).catch(lose)
    await sendAll(requests, messages, {
      sent,
      refused,
      inside: (message) => ({ type: 'bundle_add', bundle, flags, message }),
      lost: lost.signal,
    })
    await step('close_request')
    lost.signal.throwIfAborted()
    if (refused.length > 0) throw new BundleError(refused)
    await after
    lost.signal.throwIfAborted()
  }
  requests.errorTakers.add(taker)
  try {
    await fill().catch((error: unknown) => discard(step, error))
    await Promise.all([step('commit_request'), requests.request({ type: 'barrier_request' })])
  } catch (error) {
    lost.signal.throwIfAborted()
    throw refused.length > 0 && !(error instanceof BundleError) ? new BundleError(refused, error) : error
  } finally {
    requests.errorTakers.delete(taker)
  }
}

/**
 * Discards the bundle and throws `reason`. An error of the switch is ignored, because it may have dropped the bundle
 * already.
 */
async function discard(step: (step: 'discard_request') => Promise<unknown>, reason: unknown): Promise<never> {
  await step('discard_request').catch((error: unknown) => {
    if (!(error instanceof OpenFlowError)) throw error
  })
  throw reason
}
