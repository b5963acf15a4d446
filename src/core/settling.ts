/** Operations whose rules are taken away or changed: the caller may wait until the switches have confirmed. */
import type { VnicId } from '../../topology/ids.ts'
import type { Committed } from './committed.ts'
import type { Draft } from './draft.ts'
import type { Journal } from './journal.ts'
import type { Confirmation, Status } from './realisation.ts'
import { waitUntil } from './waiting.ts'

/** The answer of such an operation. */
export interface Settling<View> {
  /** The object right after the operation. */
  readonly view: View
  /**
   * @param milliseconds how long to wait at most
   * @returns true when every connected switch concerned has confirmed, false when the time is up or the controller stops
   */
  settled(milliseconds: number): Promise<boolean>
  /** The object as it is now; undefined when it is gone. */
  now(): View | undefined
}

/** A `POST` that is repeated with the same id and body creates nothing. */
export interface Made<View> {
  readonly created: boolean
  readonly view: View
}

export interface SettlingContext {
  readonly journal: Journal
  readonly status: Status
  /** Confirms the rules of a commit. */
  readonly confirmationOf: (committed: Committed) => Confirmation
  /** Fires when the controller stops: then nobody is kept waiting. */
  readonly stopping: AbortSignal
}

export interface Shown<T, View> {
  /** The object right after the operation. @param value what the operation returned */
  view(value: T): View
  now(): View | undefined
  /**
   * A VNIC whose earlier changes must be confirmed too. So a repeated unplug answers when the first one does, and one whose
   * interface has just gone answers when the rules of that interface are gone.
   */
  readonly vnic?: VnicId | undefined
}

/** Run an operation. @throws what the operation throws */
export async function settling<T, View>(
  { journal, status, confirmationOf, stopping }: SettlingContext,
  operation: (draft: Draft) => T,
  { view, now, vnic }: Shown<T, View>,
): Promise<Settling<View>> {
  const { value, committed } = await journal.write(operation)
  const earlier = vnic && status.confirmation(vnic)
  const confirmations = [confirmationOf(committed), ...(earlier ? [earlier] : [])]
  const settled = async (milliseconds: number) => {
    const all = confirmations.map((each) =>
      waitUntil({
        met: () => each.done,
        watch: (callback) => {
          each.onDone(callback)
          return () => undefined
        },
        milliseconds,
        signals: [stopping],
      }),
    )
    return (await Promise.all(all)).every((done) => done)
  }
  return { view: view(value), now, settled }
}
