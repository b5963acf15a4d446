/**
 * Reports claims on pinned VNICs by hypervisors that must not have them: a log line and an event each. A host may show as many
 * interfaces as often as it likes, so each one has a bounded number of reports in a minute. Its conditions show all of them.
 */
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import { SparingLog } from '../core/sparing-log.ts'
import type { Refusal } from './binding-settler.ts'

/** The same VNIC is reported once in a minute. */
const MAX_REPORTS_PER_MINUTE = 20
/** Hypervisors whose reports are counted at a time. */
const MAX_HYPERVISORS = 1_000

interface Context {
  readonly log: Logger
  /** Sends the event. */
  tell(vnic: VnicId): void
}

export class ClaimRefusals {
  readonly #context: Context
  readonly #reports = new LRUCache<HypervisorId, SparingLog>({ max: MAX_HYPERVISORS })

  constructor(context: Context) {
    this.#context = context
  }

  report(refusals: readonly Refusal[]): void {
    const { log, tell } = this.#context
    for (const refusal of refusals) {
      const { vnic, hypervisor } = refusal
      const sparing = this.#reports.get(hypervisor) ?? new SparingLog(MAX_REPORTS_PER_MINUTE)
      this.#reports.set(hypervisor, sparing)
      sparing.log(vnic, () => {
        log.error(refusal, 'a hypervisor claims a VNIC that is pinned to another one, and is refused')
        tell(vnic)
      })
    }
  }
}
