/**
 * Hypervisors that never had a VNIC. Whoever reaches the OVSDB listener can make some, under any name. Those that have gone are
 * forgotten after a while, the ones that left first sooner if there are too many. A hypervisor that has had a VNIC stays until an
 * operator removes it.
 */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import type { Draft } from '../core/draft.ts'
import type { Effects } from '../core/effects.ts'
import type { Journal } from '../core/journal.ts'
import { removeHypervisor } from '../core/resources/hypervisor.ts'
import type { Subscriber } from '../core/subscribers.ts'

export interface StrangerLimits {
  /** How long they are remembered after they have gone. */
  readonly forgetMs: number
  /** The most that have gone and are remembered. */
  readonly maxGone: number
}

/** A day: a host that is installed and then switched off for a night is still listed. */
const DEFAULT_LIMITS: StrangerLimits = { forgetMs: 86_400_000, maxGone: 1_000 }

/** Those that are due are looked for at this interval, or more often if the time is short. */
const MAX_INTERVAL_MS = 60_000
const MIN_INTERVAL_MS = 100

interface Context {
  readonly graph: GraphReader
  readonly write: Journal['write']
  readonly log: Logger
  /** Default: a day, and 1,000. */
  readonly limits: StrangerLimits | undefined
  isConnected(hypervisor: HypervisorId): boolean
  /** Called when a hypervisor was forgotten. */
  forgotten(hypervisor: HypervisorId): void
}

export class Strangers implements Subscriber {
  readonly #context: Context
  readonly #limits: StrangerLimits
  /** When each of them has gone, those that left first in front. After a start of the controller, the time of the start. */
  readonly #gone = new Map<HypervisorId, number>()
  readonly #timer: NodeJS.Timeout
  #isForgetting = false

  constructor(context: Context) {
    this.#context = context
    const { graph, limits = DEFAULT_LIMITS } = context
    this.#limits = limits
    const now = performance.now()
    for (const { id, hadVnic } of graph.hypervisors.values()) if (!hadVnic) this.#gone.set(id, now)
    const interval = Math.max(MIN_INTERVAL_MS, Math.min(MAX_INTERVAL_MS, limits.forgetMs / 2))
    this.#timer = setInterval(() => void this.#forgetDue(), interval).unref()
  }

  /** Marks hypervisors that have a VNIC now, in the same commit. */
  settle(draft: Draft, { vnics }: Effects): void {
    const { graph } = draft
    for (const vnic of vnics) {
      const binding = graph.bindings.get(vnic)
      const hypervisor = binding && graph.hypervisors.get(binding.hypervisor)
      if (!hypervisor || hypervisor.hadVnic || graph.vnics.get(vnic)?.portId === null) continue
      draft.change({ kind: 'hypervisor', id: hypervisor.id, to: { ...hypervisor, hadVnic: true } })
    }
  }

  committed({ hypervisors }: Effects): void {
    for (const id of hypervisors) this.reached(id)
  }

  /** A hypervisor has connected, has gone or was changed. */
  reached(id: HypervisorId): void {
    const { graph, isConnected } = this.#context
    const hypervisor = graph.hypervisors.get(id)
    if (!hypervisor || hypervisor.hadVnic || isConnected(id)) this.#gone.delete(id)
    else if (!this.#gone.has(id)) this.#gone.set(id, performance.now())
    if (this.#gone.size > this.#limits.maxGone) void this.#forgetDue()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #forgetDue(): Promise<void> {
    if (this.#isForgetting) return
    this.#isForgetting = true
    const { forgetMs, maxGone } = this.#limits
    const due = performance.now() - forgetMs
    for (const [id, since] of this.#gone) {
      if (since > due && this.#gone.size <= maxGone) break
      // It counts until it is removed. If it was reached meanwhile, its time has begun anew.
      if ((await this.#forget(id)) && this.#gone.get(id) === since) this.#gone.delete(id)
    }
    this.#isForgetting = false
  }

  /** @returns false if the store cannot commit */
  async #forget(id: HypervisorId): Promise<boolean> {
    const { write, log, isConnected, forgotten } = this.#context
    try {
      const { value: isRemoved } = await write((draft) => {
        const hypervisor = draft.graph.hypervisors.get(id)
        if (!hypervisor || isConnected(id) || isUsed(draft.graph, hypervisor)) return false
        removeHypervisor(draft, id)
        return true
      })
      if (isRemoved) {
        log.info({ hypervisor: id }, 'a hypervisor that never had a VNIC has gone, and is forgotten')
        forgotten(id)
      }
      return true
    } catch (error) {
      log.error({ err: error, hypervisor: id }, 'cannot forget a hypervisor, trying again later')
      return false
    }
  }
}

/** Does anything depend on the hypervisor that somebody has asked for? */
const isUsed = (graph: GraphReader, { id, hadVnic, successor }: Hypervisor): boolean =>
  hadVnic ||
  successor !== null ||
  graph.portsOn.has(id) ||
  graph.segmentsHeldBy.has(id) ||
  graph.vnicsPinnedTo.has(id) ||
  graph.vnicsMigratingTo.has(id)
