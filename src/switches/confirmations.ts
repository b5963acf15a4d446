/**
 * Waits for switches. The generation of a switch is the number of changes that it has been given. The switch confirms generations
 * in order. A confirmation is complete when each switch that it concerns has confirmed the generation in question.
 */
import type { HypervisorId } from '../../topology/ids.ts'
import type { Confirmation, Generations } from '../core/realisation.ts'

class Expected implements Confirmation {
  readonly outstanding = new Map<HypervisorId, number>()
  readonly #callbacks: Array<() => void> = []

  get done(): boolean {
    return this.outstanding.size === 0
  }

  onDone(callback: () => void): void {
    if (this.done) callback()
    else this.#callbacks.push(callback)
  }

  require(generations: Generations): void {
    for (const [hypervisor, generation] of generations) {
      this.outstanding.set(hypervisor, Math.max(generation, this.outstanding.get(hypervisor) ?? 0))
    }
  }

  settle(hypervisor: HypervisorId): void {
    this.outstanding.delete(hypervisor)
    if (!this.done) return
    for (const callback of this.#callbacks.splice(0)) callback()
  }
}

export class Confirmations {
  readonly #waiting = new Map<HypervisorId, Set<Expected>>()

  /**
   * Makes a confirmation.
   * @param generations the connected switches concerned, each with the generation that it must confirm
   * @param earlier confirmations that must be complete, too
   */
  expect(generations: Generations, ...earlier: readonly (Confirmation | undefined)[]): Confirmation {
    const expected = new Expected()
    for (const each of earlier) if (each instanceof Expected) expected.require(each.outstanding)
    expected.require(generations)
    for (const id of expected.outstanding.keys()) {
      const set = this.#waiting.get(id)
      if (set) set.add(expected)
      else this.#waiting.set(id, new Set([expected]))
    }
    return expected
  }

  /** Called when a switch has confirmed everything up to a generation. */
  confirm(hypervisor: HypervisorId, generation: number): void {
    this.#settle(hypervisor, (needed) => needed <= generation)
  }

  /** Called when a switch has disconnected: confirmations no longer wait for it. */
  forget(hypervisor: HypervisorId): void {
    this.#settle(hypervisor, () => true)
  }

  #settle(hypervisor: HypervisorId, isReached: (needed: number) => boolean): void {
    const waiting = this.#waiting.get(hypervisor)
    if (!waiting) return
    const ready = [...waiting].filter((each) => isReached(each.outstanding.get(hypervisor) ?? 0))
    for (const each of ready) waiting.delete(each)
    if (waiting.size === 0) this.#waiting.delete(hypervisor)
    for (const each of ready) each.settle(hypervisor)
  }
}
