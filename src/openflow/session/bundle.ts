/** Messages that a switch does all together or not at all (OpenFlow 1.5.1, 7.3.9). */
import { BUNDLE_FLAGS } from '../messages/bundle-messages.ts'
import type { Message } from '../messages/message.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { BundleError, type Refused } from './bundle-error.ts'
import type { ErrorTaker, Requests } from './requests.ts'
import { Members, sendMembers } from './sent-messages.ts'

/** How a bundle is done. */
export interface BundleOptions {
  /** A packet sees all of the bundle or nothing. True unless it is said. */
  readonly atomic?: boolean
  /** The messages are done in the order in which they are given. True unless it is said. */
  readonly ordered?: boolean
  /** Committed only once this resolves; discarded if it rejects. Switches give a bundle up that rests, OVS after 10 s. */
  readonly after?: Promise<unknown>
}

/**
 * Open, add, close, and if nothing was refused so far, commit, with a barrier behind it; else discard. A switch commits what
 * is left of a bundle some messages of which it refused when they were added: so the errors are awaited before. A bundle
 * that it gives up (one that rests too long) is lost: what is added after that opens another one, never to be committed.
 * @throws BundleError if a message was refused; OpenFlowError if the bundle itself was
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
  const members = new Members()
  const refused: Refused[] = []
  const opening = requests.nextXid()
  const lost = new AbortController()
  const lose = (error: unknown): void => lost.abort(error)
  const taker: ErrorTaker = (xid, error) => {
    if (xid === opening) lose(error)
    const member = members.find(xid)
    if (member) refused.push({ ...member, error })
    return member !== undefined || xid === opening
  }
  const fill = async (): Promise<void> => {
    // Nobody waits for the bundle to be opened: the switch takes things in order, and each wait is a turn of its main loop.
    void step('open_request', opening).catch(lose)
    await sendMembers(requests, messages, {
      members,
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

/** Give the bundle up because of `reason`, which is then thrown. That the switch has given it up already does no harm. */
async function discard(step: (step: 'discard_request') => Promise<unknown>, reason: unknown): Promise<never> {
  await step('discard_request').catch((error: unknown) => {
    if (!(error instanceof OpenFlowError)) throw error
  })
  throw reason
}
