/** Operations that remove or change rules. The caller may wait until the switches have confirmed. */
import type { VnicId } from '../../topology/ids.ts'
import type { Committed } from './committed.ts'
import type { Draft } from './draft.ts'
import type { Journal } from './journal.ts'
import type { Confirmation, Status } from './realisation.ts'
import type { Stopping } from './stopping.ts'
import { waitUntil } from './waiting.ts'

/** The result of an operation that removes or changes rules. */
export interface Settling<View> {
  /** The object right after the operation. */
  readonly view: View
  /**
   * Waits until the switches have confirmed.
   * @param milliseconds the longest time to wait
   * @returns true if every connected switch that is concerned has confirmed; false if the time is up or the controller stops
   */
  settled(milliseconds: number): Promise<boolean>
  /** The object as it is now; undefined if it is destroyed. */
  now(): View | undefined
}

/** The result of a `POST`. A repeated `POST` with the same id and body creates nothing. */
export interface Made<View> {
  readonly created: boolean
  readonly view: View
}

export interface SettlingContext {
  readonly journal: Pick<Journal, 'write'>
  readonly status: Status
  /** Returns the confirmation of the rules of a commit. */
  readonly confirmationOf: (committed: Committed) => Confirmation
  /** When it begins, all waits end. */
  readonly stopping: Stopping
}

export interface Shown<T, View> {
  /** Shows the object right after the operation. @param value what the operation returned */
  view(value: T): View
  now(): View | undefined
  /**
   * A VNIC whose earlier changes must be confirmed, too. So a repeated unplug waits for the rules of the first one. And the
   * unplug of a VNIC whose interface has just disappeared waits until the rules of that interface are removed.
   */
  readonly vnic?: VnicId | undefined
}

/** Runs an operation. @throws what the operation throws */
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
        stopping,
      }),
    )
    return (await Promise.all(all)).every((done) => done)
  }
  return { view: view(value), now, settled }
}
