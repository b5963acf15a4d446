/**
 * Confirmations. A switch counts the changes it was told of (its generation) and says up to which of them it has confirmed;
 * a ticket waits until each of several switches has come as far as it was when the ticket was drawn.
 */
import type { HypervisorId } from '../../topology/ids.ts'
import type { Confirmation, Generations } from '../core/realisation.ts'

class Waiting implements Confirmation {
  readonly outstanding = new Map<HypervisorId, number>()
  #callbacks: Array<() => void> = []

  get done(): boolean {
    return this.outstanding.size === 0
  }

  onDone(callback: () => void): void {
    if (this.done) callback()
    else this.#callbacks.push(callback)
  }

  needs([hypervisor, generation]: readonly [HypervisorId, number]): void {
    this.outstanding.set(hypervisor, Math.max(generation, this.outstanding.get(hypervisor) ?? 0))
  }

  settle(hypervisor: HypervisorId): void {
    this.outstanding.delete(hypervisor)
    if (!this.done) return
    for (const callback of this.#callbacks.splice(0)) callback()
  }
}

export class Confirmations {
  readonly #waiting = new Map<HypervisorId, Set<Waiting>>()

  /**
   * @param generations the connected switches concerned, and the generation that each has to confirm
   * @param earlier tickets that this one includes
   */
  draw(generations: Generations, ...earlier: readonly (Confirmation | undefined)[]): Confirmation {
    const ticket = new Waiting()
    for (const each of earlier) if (each instanceof Waiting) for (const needed of each.outstanding) ticket.needs(needed)
    for (const needed of generations) ticket.needs(needed)
    for (const id of ticket.outstanding.keys()) {
      const set = this.#waiting.get(id)
      if (set) set.add(ticket)
      else this.#waiting.set(id, new Set([ticket]))
    }
    return ticket
  }

  /** A switch has confirmed all up to a generation. */
  confirm(hypervisor: HypervisorId, generation: number): void {
    this.#settle(hypervisor, (needed) => needed <= generation)
  }

  /** A switch is gone: nobody waits for it any more. */
  forget(hypervisor: HypervisorId): void {
    this.#settle(hypervisor, () => true)
  }

  #settle(hypervisor: HypervisorId, reached: (needed: number) => boolean): void {
    const waiting = this.#waiting.get(hypervisor)
    if (!waiting) return
    const ready = [...waiting].filter((ticket) => reached(ticket.outstanding.get(hypervisor) ?? 0))
    for (const ticket of ready) waiting.delete(ticket)
    if (waiting.size === 0) this.#waiting.delete(hypervisor)
    for (const ticket of ready) ticket.settle(hypervisor)
  }
}
