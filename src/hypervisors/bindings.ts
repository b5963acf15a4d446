/**
 * Who claims to have the interface of a VNIC. A hypervisor claims a VNIC while an interface on its integration bridge carries
 * the VNIC's id. Of several hypervisors the newest claim wins (live migration, or a mistake) as soon as its interface has a
 * port number, and a loser never takes it back by merely being there; when the winner's interface goes, the newest remaining
 * claim has it.
 */
import { LRUCache } from 'lru-cache'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'

/** Take-overs of one VNIC in one window, milliseconds; more wait for the next window. */
const WINDOW = 10_000
const TAKEOVERS_PER_WINDOW = 5
/** VNICs whose take-overs are counted at a time: a cloud in which more are fought for has other troubles. */
const COUNTED = 10_000

interface Claim {
  binding: Binding
  /** When the claim was first made, as a count of claims. */
  readonly since: number
  /** Was the VNIC to come there? */
  readonly isExpected: boolean
}

export interface Verdict {
  readonly binding: Binding | null
  /** There is a newer claim; it may take over from this time on. */
  readonly newerFrom?: number
}

/** Milliseconds that only grow. */
interface Clock {
  now(): number
}

export class BindingClaims {
  readonly #claims = new Map<VnicId, Map<HypervisorId, Claim>>()
  readonly #byHypervisor = new Map<HypervisorId, Set<VnicId>>()
  readonly #takeovers: LRUCache<VnicId, { count: number; readonly until: number }>
  readonly #clock: Clock
  #count = 0

  constructor(clock: Clock = performance) {
    this.#clock = clock
    this.#takeovers = new LRUCache({ max: COUNTED, ttl: WINDOW, ttlResolution: 0, perf: clock })
  }

  /** What was bound when the controller stopped stands as the oldest claim until its hypervisor speaks. */
  remember(binding: Binding): void {
    this.#put(binding, 0, false)
  }

  /**
   * A hypervisor claims just these VNICs from now on.
   * @param first is this its first word since the controller started? Then its claims count as old, but for those expected
   * @param expected is the VNIC to come to this hypervisor?
   * @returns the VNICs whose claims have changed
   */
  update(
    hypervisor: HypervisorId,
    bindings: ReadonlyMap<VnicId, Binding>,
    first: boolean,
    expected: (id: VnicId) => boolean = () => false,
  ): Set<VnicId> {
    const changed = new Set<VnicId>()
    for (const id of [...(this.#byHypervisor.get(hypervisor) ?? [])]) {
      if (bindings.has(id)) continue
      this.#drop(id, hypervisor)
      changed.add(id)
    }
    for (const [id, binding] of bindings) {
      const claim = this.#claims.get(id)?.get(hypervisor)
      if (claim && same(claim.binding, binding)) continue
      if (claim) claim.binding = binding
      else {
        const isExpected = expected(id)
        this.#put(binding, first && !isExpected ? 0 : ++this.#count, isExpected)
      }
      changed.add(id)
    }
    return changed
  }

  /** Forget a hypervisor that is out of service. @returns the VNICs that it claimed */
  forget(hypervisor: HypervisorId): Set<VnicId> {
    return this.update(hypervisor, new Map(), false)
  }

  /**
   * Who has the VNIC.
   * @param now the binding in force
   * @returns the winner's claim (null: nobody claims it), and where a newer one has to wait, until when
   */
  winner(id: VnicId, now: Binding | undefined): Verdict {
    const claims = this.#claims.get(id)
    const holder = now && claims?.get(now.hypervisor)
    let best = holder
    for (const claim of claims?.values() ?? []) if (!best || takes(claim, best, holder)) best = claim
    // That somebody has asked for it is no fight.
    if (holder && best && best !== holder && !best.isExpected) {
      const window = this.#takeovers.get(id)
      if (!window) this.#takeovers.set(id, { count: 1, until: this.#clock.now() + WINDOW })
      else if (window.count < TAKEOVERS_PER_WINDOW) window.count += 1
      else return { binding: holder.binding, newerFrom: window.until }
    }
    return { binding: best?.binding ?? null }
  }

  /** The claim of a hypervisor that has lost the VNIC to a newer one, and so takes it back by nothing but going. */
  lost(id: VnicId, hypervisor: HypervisorId, now: Binding | undefined): Binding | undefined {
    const claims = this.#claims.get(id)
    const [claim, holder] = [claims?.get(hypervisor), now && claims?.get(now.hypervisor)]
    return claim && holder && claim !== holder && claim.since <= holder.since ? claim.binding : undefined
  }

  #put(binding: Binding, since: number, isExpected: boolean): void {
    const claims = this.#claims.get(binding.vnicId) ?? new Map<HypervisorId, Claim>()
    this.#claims.set(binding.vnicId, claims.set(binding.hypervisor, { binding, since, isExpected }))
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
 * Does a claim go before another? The newer one does, but one whose interface has no port number yet leaves a VNIC that has one
 * where it is: rules cannot follow it there.
 * @param holder has the VNIC now, and loses it to newer claims only
 */
function takes(claim: Claim, best: Claim, holder: Claim | undefined): boolean {
  if (holder && claim.since <= holder.since) return false
  const [works, worked] = [claim.binding.ofport !== null, best.binding.ofport !== null]
  return works === worked ? claim.since > best.since : works
}

export const same = (a: Binding, b: Binding): boolean =>
  a.hypervisor === b.hypervisor && a.bridge === b.bridge && a.interface === b.interface && a.ofport === b.ofport
