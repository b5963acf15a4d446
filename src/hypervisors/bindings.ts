/**
 * Which hypervisors claim a VNIC, and which of them holds it. A hypervisor claims a VNIC while an interface on its integration
 * bridge carries the VNIC's id. The newest claim wins as soon as its interface has a port number: the VM has migrated, or
 * somebody made a mistake. A hypervisor that has lost a VNIC does not get it back merely because it still has the interface.
 * When the interface of the holder disappears, the newest remaining claim wins.
 */
import { LRUCache } from 'lru-cache'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'

/**
 * The period in which the take-overs of a VNIC are counted. A VNIC may change hands a few times in it; further claims wait
 * until it ends.
 */
const TAKEOVER_WINDOW_MS = 10_000
const MAX_TAKEOVERS_PER_WINDOW = 5
/** The most VNICs whose take-overs are counted at the same time. */
const MAX_CONTESTED_VNICS = 10_000

interface Claim {
  binding: Binding
  /** The claim's place in the order in which claims were made; 0 for those from before the controller started. */
  readonly order: number
  /** Was a migration to this hypervisor requested when it made the claim? */
  readonly isExpected: boolean
}

export interface Verdict {
  /** The claim that holds the VNIC; null if no hypervisor claims it. */
  readonly binding: Binding | null
  /** The VNIC goes to another hypervisor without a request. Call `countTakeover` when that is durable. */
  readonly isTakeover: boolean
  /** The time until which a newer claim must wait, in milliseconds of the clock. */
  readonly waitsUntil?: number
}

interface Update {
  /**
   * Are these the first rows of the hypervisor since the controller started? Then its claims may be older than those of others.
   */
  readonly isFirst?: boolean
  /** Was a migration of the VNIC to this hypervisor requested? */
  readonly isExpected?: (id: VnicId) => boolean
}

/** A monotonic clock, in milliseconds. */
interface Clock {
  now(): number
}

export class BindingClaims {
  readonly #claims = new Map<VnicId, Map<HypervisorId, Claim>>()
  readonly #byHypervisor = new Map<HypervisorId, Set<VnicId>>()
  readonly #takeovers: LRUCache<VnicId, { readonly count: number; readonly until: number }>
  readonly #clock: Clock
  #count = 0

  constructor(clock: Clock = performance) {
    this.#clock = clock
    this.#takeovers = new LRUCache({
      max: MAX_CONTESTED_VNICS,
      ttl: TAKEOVER_WINDOW_MS,
      ttlResolution: 0,
      perf: clock,
      noUpdateTTL: true,
    })
  }

  /** A stored binding counts as the oldest claim until its hypervisor connects. */
  remember(binding: Binding): void {
    this.#put(binding, 0, false)
  }

  /**
   * Replaces the claims of a hypervisor.
   * @returns the VNICs whose claims have changed
   */
  update(
    hypervisor: HypervisorId,
    bindings: ReadonlyMap<VnicId, Binding>,
    { isFirst = false, isExpected = () => false }: Update = {},
  ): Set<VnicId> {
    const changed = new Set<VnicId>()
    for (const id of [...(this.#byHypervisor.get(hypervisor) ?? [])]) {
      if (bindings.has(id)) continue
      this.#drop(id, hypervisor)
      changed.add(id)
    }
    for (const [id, binding] of bindings) {
      const claim = this.#claims.get(id)?.get(hypervisor)
      if (claim && sameBinding(claim.binding, binding)) continue
      if (claim) claim.binding = binding
      else {
        const expected = isExpected(id)
        this.#put(binding, isFirst && !expected ? 0 : ++this.#count, expected)
      }
      changed.add(id)
    }
    return changed
  }

  /** Drops the claims of a hypervisor that is out of service. @returns the VNICs that it claimed */
  forget(hypervisor: HypervisorId): Set<VnicId> {
    return this.update(hypervisor, new Map())
  }

  /**
   * Decides who holds the VNIC. Changes nothing.
   * @param now the binding in force
   */
  winner(id: VnicId, now: Binding | undefined): Verdict {
    const claims = this.#claims.get(id)
    const holder = now && claims?.get(now.hypervisor)
    let best = holder
    for (const claim of claims?.values() ?? []) if (!best || beats(claim, best, holder)) best = claim
    // A requested migration does not count: it does not mean that two hosts take the VNIC from each other.
    const isTakeover = holder !== undefined && best !== holder && best?.isExpected === false
    const window = isTakeover ? this.#takeovers.get(id) : undefined
    if (holder && window && window.count >= MAX_TAKEOVERS_PER_WINDOW) {
      return { binding: holder.binding, isTakeover: false, waitsUntil: window.until }
    }
    return { binding: best?.binding ?? null, isTakeover }
  }

  /** Counts towards the limit of take-overs of this VNIC. */
  countTakeover(id: VnicId): void {
    const { count, until } = this.#takeovers.get(id) ?? { count: 0, until: this.#clock.now() + TAKEOVER_WINDOW_MS }
    this.#takeovers.set(id, { count: count + 1, until })
  }

  /** The claim of a hypervisor that has lost the VNIC to a newer claim and still has the interface. */
  lost(id: VnicId, hypervisor: HypervisorId, now: Binding | undefined): Binding | undefined {
    const claims = this.#claims.get(id)
    const [claim, holder] = [claims?.get(hypervisor), now && claims?.get(now.hypervisor)]
    return claim && holder && claim !== holder && claim.order <= holder.order ? claim.binding : undefined
  }

  #put(binding: Binding, order: number, isExpected: boolean): void {
    const claims = this.#claims.get(binding.vnicId) ?? new Map<HypervisorId, Claim>()
    this.#claims.set(binding.vnicId, claims.set(binding.hypervisor, { binding, order, isExpected }))
    const vnics = this.#byHypervisor.get(binding.hypervisor) ?? new Set<VnicId>()
    this.#byHypervisor.set(binding.hypervisor, vnics.add(binding.vnicId))
  }

  #drop(id: VnicId, hypervisor: HypervisorId): void {
    const claims = this.#claims.get(id)
    claims?.delete(hypervisor)
    if (claims?.size === 0) this.#claims.delete(id)
    const vnics = this.#byHypervisor.get(hypervisor)
    vnics?.delete(id)
    if (vnics?.size === 0) this.#byHypervisor.delete(hypervisor)
  }
}

/**
 * Does this claim beat the best one so far? The newer claim wins. But a claim whose interface has no port number yet does not
 * beat one whose interface has one, because no rule could follow the VNIC there.
 * @param holder the current holder of the VNIC; only a newer claim can beat it
 */
function beats(claim: Claim, best: Claim, holder: Claim | undefined): boolean {
  if (holder && claim.order <= holder.order) return false
  const [isUsable, isBestUsable] = [claim.binding.ofport !== null, best.binding.ofport !== null]
  return isUsable === isBestUsable ? claim.order > best.order : isUsable
}

export const sameBinding = (a: Binding, b: Binding): boolean =>
  a.hypervisor === b.hypervisor && a.bridge === b.bridge && a.interface === b.interface && a.ofport === b.ofport
