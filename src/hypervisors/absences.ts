/** Which switches are ready, and which have been away for so long that other hypervisors may get the VNICs that they also claim. */
import type { HypervisorId } from '../../topology/ids.ts'
import type { ConnectedSwitches } from '../core/connected-switches.ts'
import type { Attendance } from './claim-winner.ts'

/** Longer than a restart of ovs-vswitchd, or than all connections take to come back after the management network has failed. */
const MAX_ABSENCE_MS = 4_000
/** The same after a start of the controller, while thousands of switches connect and are compared. */
const MAX_FIRST_ABSENCE_MS = 30_000

interface Context {
  readonly switches: Pick<ConnectedSwitches, 'get'>
  /** Called when these hypervisors have vanished. */
  vanished(hypervisors: Iterable<HypervisorId>): void
}

export class Absences implements Attendance {
  readonly #context: Context
  /** The switches that were lost a short while ago. */
  readonly #recent = new Map<HypervisorId, NodeJS.Timeout>()
  /** Switches that were lost or not seen yet have vanished, except for the recent ones. */
  #isStarting = true
  readonly #start: NodeJS.Timeout
  /** Hypervisors whose switch has been connected since the controller started. */
  readonly #seen = new Set<HypervisorId>()

  constructor(context: Context, hypervisors: () => Iterable<HypervisorId>) {
    this.#context = context
    this.#start = setTimeout(() => {
      this.#isStarting = false
      context.vanished(hypervisors())
    }, MAX_FIRST_ABSENCE_MS).unref()
  }

  isReady(id: HypervisorId): boolean {
    return this.#context.switches.get(id)?.ready === true
  }

  hasVanished(id: HypervisorId): boolean {
    if (this.#context.switches.get(id) || this.#recent.has(id)) return false
    return this.#seen.has(id) || !this.#isStarting
  }

  /** The switch of a hypervisor has disconnected. */
  begin(id: HypervisorId): void {
    this.#seen.add(id)
    clearTimeout(this.#recent.get(id))
    const timer = setTimeout(() => {
      this.#recent.delete(id)
      if (this.hasVanished(id)) this.#context.vanished([id])
    }, MAX_ABSENCE_MS).unref()
    this.#recent.set(id, timer)
  }

  /** The hypervisor was removed. */
  forget(id: HypervisorId): void {
    clearTimeout(this.#recent.get(id))
    this.#recent.delete(id)
    this.#seen.delete(id)
  }

  close(): void {
    clearTimeout(this.#start)
    for (const timer of this.#recent.values()) clearTimeout(timer)
  }
}
