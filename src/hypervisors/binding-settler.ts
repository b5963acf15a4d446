/**
 * Writes into the graph which hypervisors claim each VNIC, and which of them holds it. Claims are settled when they change, when
 * the switch of a claimant is ready, and when the switch of a holder has been away for a while.
 */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'
import type { Written } from '../core/committed.ts'
import type { Draft } from '../core/draft.ts'
import type { Journal } from '../core/journal.ts'
import { claimOf, claimsOn, type Tenure, writeTenures } from '../core/resources/claims.ts'
import { mayHold } from '../core/resources/pins.ts'
import { Timers } from '../core/timers.ts'
import { type Attendance, winnerOf } from './claim-winner.ts'
import { TakeoverLimit } from './takeover-limit.ts'

interface Context {
  readonly graph: GraphReader
  readonly journal: Pick<Journal, 'write'>
  readonly attendance: Attendance
  readonly log: Logger
  /** Called when hypervisors that must not have a pinned VNIC show its interface. */
  refused(refusals: readonly Refusal[]): void
}

/** A new claim of a hypervisor on a VNIC that is pinned to another one. */
export interface Refusal {
  readonly vnic: VnicId
  readonly hypervisor: HypervisorId
}

interface Move {
  readonly vnic: VnicId
  readonly from: HypervisorId
  readonly to: HypervisorId
  /** Was the migration requested? */
  readonly isMigration: boolean
  /** Does the other hypervisor still claim it? */
  readonly isTakeover: boolean
}

/** What to do once the operation that settled the claims is durable. */
export interface Settlement {
  readonly moves: readonly Move[]
  readonly refusals: readonly Refusal[]
  /** When a claim that has to wait is settled again, in milliseconds of `performance.now()`. */
  readonly postponed: ReadonlyMap<VnicId, number>
}

const SETTLE_RETRY_MS = 1_000
/** They take some milliseconds. */
const MAX_VNICS_PER_TURN = 200

export class BindingSettler {
  readonly #context: Context
  readonly #limit = new TakeoverLimit()
  readonly #timers = new Timers()
  /** VNICs that have a timer. */
  readonly #postponed = new Set<VnicId>()

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Gives each VNIC to the winner of its claims. Runs inside an operation and changes nothing but the draft, so that the
   * operation can be run again.
   * @param claims the claims on each VNIC from now on, the oldest first
   */
  settle(draft: Draft, claims: ReadonlyMap<VnicId, readonly Binding[]>): Settlement {
    const { graph } = draft
    const moves: Move[] = []
    const refusals: Refusal[] = []
    const postponed = new Map<VnicId, number>()
    const tenures = [...claims].map(([id, claims]): Tenure => {
      const was = graph.bindings.get(id)
      const allowed = claims.filter(({ hypervisor }) => mayHold(graph.vnics.get(id), hypervisor))
      if (allowed.length < claims.length) refusals.push(...newlyRefused(graph, id, claims))
      const held = allowed.find(({ hypervisor }) => hypervisor === was?.hypervisor)
      const waiting = held && waitingAt(graph, id)
      const counting = allowed.filter(({ hypervisor }) => hypervisor !== waiting)
      const winner = winnerOf(counting, was?.hypervisor, this.#context.attendance)
      if (!was || !winner || winner.hypervisor === was.hypervisor) return { id, claims, holder: winner }
      const isMigration = graph.vnics.get(id)?.migratesTo === winner.hypervisor
      const waitsUntil = held && !isMigration ? this.#limit.waitsUntil(id) : undefined
      if (held && waitsUntil !== undefined) {
        postponed.set(id, waitsUntil)
        return { id, claims, holder: held }
      }
      const isTakeover = held !== undefined && !isMigration
      moves.push({ vnic: id, from: was.hypervisor, to: winner.hypervisor, isMigration, isTakeover })
      return { id, claims, holder: winner }
    })
    writeTenures(draft, tenures)
    return { moves, refusals, postponed }
  }

  /** The operation that made this settlement is durable. */
  committed({ moves, refusals, postponed }: Settlement): void {
    const { log, refused } = this.#context
    for (const { isMigration, isTakeover, ...move } of moves) {
      // A requested migration is no sign of two hosts that take a VNIC from each other.
      if (isTakeover) this.#limit.count(move.vnic)
      if (isMigration) log.info(move, 'the VNIC has migrated')
      else log.warn(move, 'the VNIC has gone to another hypervisor that claims it')
    }
    if (refusals.length > 0) refused(refusals)
    for (const [vnic, time] of postponed) this.#settleAt(vnic, time)
  }

  /** Runs an operation, and settles the claims on a VNIC within it. @throws what the operation throws */
  async settleWith<T>(vnic: VnicId, operation: (draft: Draft) => T): Promise<Written<T>> {
    const { value: both, committed } = await this.#context.journal.write((draft) => {
      const value = operation(draft)
      return { value, settlement: this.settle(draft, new Map([[vnic, claimsOn(draft.graph, vnic)]])) }
    })
    this.committed(both.settlement)
    return { value: both.value, committed }
  }

  /** Settles the claims on VNICs again, in operations of their own. */
  async settleAgain(vnics: Iterable<VnicId>): Promise<void> {
    const ids = [...vnics]
    for (let at = 0; at < ids.length; at += MAX_VNICS_PER_TURN)
      await this.#settle(ids.slice(at, at + MAX_VNICS_PER_TURN))
  }

  async #settle(ids: readonly VnicId[]): Promise<void> {
    const { journal, log } = this.#context
    try {
      const { value } = await journal.write((draft) =>
        this.settle(draft, new Map(ids.map((id) => [id, claimsOn(draft.graph, id)]))),
      )
      this.committed(value)
    } catch (error) {
      log.error({ err: error, vnics: ids.length }, 'cannot settle the claims on VNICs, retrying')
      for (const vnic of ids) this.#settleAt(vnic, performance.now() + SETTLE_RETRY_MS)
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
      void this.settleAgain([vnic])
    }, time - performance.now())
  }
}

/** The claims that hypervisors make now and did not make before, on a VNIC that they must not have. */
const newlyRefused = (graph: GraphReader, vnic: VnicId, claims: readonly Binding[]): Refusal[] =>
  claims.flatMap(({ hypervisor }) =>
    mayHold(graph.vnics.get(vnic), hypervisor) || claimOf(graph, vnic, hypervisor) ? [] : [{ vnic, hypervisor }],
  )

/** The target of a migration that is not activated. As long as another claim holds the VNIC, the one from there has to wait. */
function waitingAt(graph: GraphReader, id: VnicId): HypervisorId | null {
  const vnic = graph.vnics.get(id)
  return vnic && !vnic.isActivated ? vnic.migratesTo : null
}
