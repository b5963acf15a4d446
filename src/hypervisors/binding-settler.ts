/**
 * Writes into the graph which hypervisor holds each VNIC, as the claims decide. A claim that must wait, or that the store could
 * not commit, is settled later.
 */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'
import type { Draft } from '../core/draft.ts'
import type { Journal } from '../core/journal.ts'
import { arrived } from '../core/resources/migration.ts'
import { Timers } from '../core/timers.ts'
import { type BindingClaims, sameBinding } from './bindings.ts'

interface Context {
  readonly graph: GraphReader
  readonly journal: Pick<Journal, 'write'>
  readonly claims: BindingClaims
  readonly log: Logger
}

interface Move {
  readonly vnic: VnicId
  readonly from: HypervisorId
  readonly to: HypervisorId
  /** Was the migration requested? */
  readonly isMigration: boolean
}

/** What to do once the operation that settled the claims is durable. */
export interface Settlement {
  readonly moves: readonly Move[]
  /** The take-overs to count. */
  readonly takeovers: readonly VnicId[]
  /** When a claim that has to wait is settled again, in milliseconds of `performance.now()`. */
  readonly postponed: ReadonlyMap<VnicId, number>
}

const SETTLE_RETRY_MS = 1_000

export class BindingSettler {
  readonly #context: Context
  readonly #timers = new Timers()
  /** VNICs that have a timer. */
  readonly #postponed = new Set<VnicId>()

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Gives each VNIC to the hypervisor with the winning claim. Runs inside an operation and changes only the draft, so the
   * operation can run again. All releases come before all bindings, so that two interfaces never have the same port number.
   */
  settle(draft: Draft, vnics: Iterable<VnicId>): Settlement {
    const moves: Move[] = []
    const takeovers: VnicId[] = []
    const postponed = new Map<VnicId, number>()
    const binds: Array<{ readonly binding: Binding; readonly was: Binding | undefined }> = []
    for (const vnic of vnics) {
      const now = draft.graph.bindings.get(vnic)
      const { binding, isTakeover, waitsUntil } = this.#context.claims.winner(vnic, now)
      if (waitsUntil !== undefined) postponed.set(vnic, waitsUntil)
      if (now && binding && sameBinding(now, binding)) continue
      if (now) draft.change({ kind: 'binding', id: vnic, to: null })
      if (binding) binds.push({ binding, was: now })
      if (isTakeover) takeovers.push(vnic)
      if (now && binding && now.hypervisor !== binding.hypervisor) {
        const isMigration = draft.graph.vnics.get(vnic)?.migratesTo === binding.hypervisor
        moves.push({ vnic, from: now.hypervisor, to: binding.hypervisor, isMigration })
      }
    }
    for (const { binding, was } of binds) {
      arrived(draft, binding, was)
      draft.change({ kind: 'binding', id: binding.vnicId, to: binding })
    }
    return { moves, takeovers, postponed }
  }

  /** Called when the operation that made this settlement is durable. */
  committed({ moves, takeovers, postponed }: Settlement): void {
    const { claims, log } = this.#context
    for (const vnic of takeovers) claims.countTakeover(vnic)
    for (const { isMigration, ...move } of moves) {
      if (isMigration) log.info(move, 'the VNIC has migrated')
      else log.warn(move, 'another hypervisor claims the VNIC: the newest claim wins')
    }
    for (const [vnic, time] of postponed) this.#settleAt(vnic, time)
  }

  /** Settles the claims on one VNIC in a separate operation. */
  async settleNow(vnic: VnicId): Promise<void> {
    const { journal, log } = this.#context
    try {
      const { value } = await journal.write((draft) => this.settle(draft, [vnic]))
      this.committed(value)
    } catch (error) {
      log.error({ err: error, vnic }, 'cannot settle the claims on a VNIC, retrying')
      this.#settleAt(vnic, performance.now() + SETTLE_RETRY_MS)
    }
  }

  close(): void {
    this.#timers.clear()
  }

  #settleAt(vnic: VnicId, time: number): void {
    if (this.#postponed.has(vnic)) return
    this.#postponed.add(vnic)
    this.#timers.later(() => {
      this.#postponed.delete(vnic)
      void this.settleNow(vnic)
    }, time - performance.now())
  }
}
