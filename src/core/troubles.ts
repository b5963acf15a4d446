/** The present troubles of all hypervisors. Each source reports its own, and replaces what it reported before. */
import { isDeepStrictEqual } from 'node:util'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Trouble } from './trouble.ts'

export interface TroublesReader {
  of(hypervisor: HypervisorId): readonly Trouble[]
  /** Has any hypervisor a trouble? */
  readonly any: boolean
}

/** Called with a hypervisor whose troubles have changed. */
type Listener = (hypervisor: HypervisorId) => void

const NONE: readonly Trouble[] = []

export class Troubles implements TroublesReader {
  readonly #bySource = new Map<HypervisorId, Map<string, readonly Trouble[]>>()
  #listeners: readonly Listener[] = []

  listen(listeners: readonly Listener[]): void {
    this.#listeners = listeners
  }

  get any(): boolean {
    return this.#bySource.size > 0
  }

  of(hypervisor: HypervisorId): readonly Trouble[] {
    const sources = this.#bySource.get(hypervisor)
    return sources ? [...sources.values()].flat() : NONE
  }

  /** @param source a name for what has found these troubles */
  report(source: string, hypervisor: HypervisorId, troubles: readonly Trouble[]): void {
    const sources = this.#bySource.get(hypervisor)
    if (isDeepStrictEqual(sources?.get(source) ?? NONE, troubles)) return
    if (troubles.length > 0) this.#bySource.set(hypervisor, (sources ?? new Map()).set(source, troubles))
    else {
      sources?.delete(source)
      if (sources?.size === 0) this.#bySource.delete(hypervisor)
    }
    for (const changed of this.#listeners) changed(hypervisor)
  }

  /** The hypervisor is out of service. */
  forget(hypervisor: HypervisorId): void {
    if (!this.#bySource.delete(hypervisor)) return
    for (const changed of this.#listeners) changed(hypervisor)
  }
}
