/**
 * Which watched tunnels are dead, by what BFD says at their ends. A session that begins, because its ports are new or a switch
 * has restarted, gets some time to come up.
 */
import type { HypervisorId } from '../../topology/ids.ts'
import { type ProbeState, probeName } from './probe-ports.ts'
import { type Pair, pairName } from './tunnel-pairs.ts'

/** A session comes up within two seconds. On a busy host it takes longer. */
export const MAX_START_MS = 4_000

export class TunnelVerdicts {
  /** The dead tunnels by name, those that were chosen longest ago first. */
  readonly #dead = new Map<string, Pair>()
  /** When each session began, in milliseconds of the clock; minus infinity: it has been up. */
  readonly #begun = new Map<string, { readonly pair: Pair; readonly at: number }>()
  readonly #states = new Map<HypervisorId, ReadonlyMap<string, ProbeState>>()

  get dead(): ReadonlyMap<string, Pair> {
    return this.#dead
  }

  /** Does this hypervisor have the port that watches the tunnel? */
  isWatchedAt(id: HypervisorId, { one, other, role }: Pair): boolean {
    return this.#states.get(id)?.has(probeName({ role, peer: id === one ? other : one })) ?? false
  }

  /** What the rows of a hypervisor say. */
  note(id: HypervisorId, states: ReadonlyMap<string, ProbeState>): void {
    this.#states.set(id, states)
  }

  forget(id: HypervisorId): void {
    this.#states.delete(id)
  }

  /** The switch of a hypervisor has connected: it may have restarted. */
  restart(id: HypervisorId, now: number): void {
    for (const [name, { pair }] of this.#begun)
      if (pair.one === id || pair.other === id) this.#begun.set(name, { pair, at: now })
  }

  /** Forgets the dead tunnels that are not needed. */
  *forgetOthers(isNeeded: (pair: Pair) => boolean): Generator<void> {
    for (const [name, pair] of this.#dead) {
      if (!isNeeded(pair)) this.#dead.delete(name)
      yield
    }
  }

  /** Of the dead tunnels, those that are chosen now are the next ones to be chosen last. */
  putLast(chosen: ReadonlyMap<string, Pair>): void {
    for (const [name, pair] of chosen) if (this.#dead.delete(name)) this.#dead.set(name, pair)
  }

  /**
   * Judges all tunnels that are watched.
   * @returns when to judge again, in milliseconds of the clock; undefined: when something changes
   */
  judge(watched: readonly Pair[], now: number): number | undefined {
    const names = new Set(watched.map(pairName))
    for (const name of this.#begun.keys()) if (!names.has(name)) this.#begun.delete(name)
    let again: number | undefined
    for (const pair of watched) {
      const name = pairName(pair)
      const ends = this.#endsOf(pair)
      if (ends === undefined) {
        this.#begun.delete(name)
        continue
      }
      if (ends.every(({ isUp }) => isUp)) {
        this.#dead.delete(name)
        this.#begun.set(name, { pair, at: Number.NEGATIVE_INFINITY })
        continue
      }
      const begun = this.#begun.get(name)?.at ?? now
      const wasUp = begun === Number.NEGATIVE_INFINITY
      if (wasUp && !ends.some(({ isSilent }) => isSilent)) {
        // The other end has begun anew.
        this.#begun.set(name, { pair, at: now })
        again = Math.min(again ?? Number.POSITIVE_INFINITY, now + MAX_START_MS)
        continue
      }
      this.#begun.set(name, { pair, at: begun })
      const until = begun + MAX_START_MS
      if (now >= until) this.#dead.set(name, pair)
      else again = Math.min(again ?? Number.POSITIVE_INFINITY, until)
    }
    return again
  }

  /** What is known of the ends. Undefined if a host that is connected has no port: then the other end hears nothing, either way. */
  #endsOf({ one, other, role }: Pair): readonly ProbeState[] | undefined {
    const ends: ProbeState[] = []
    for (const [id, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      const known = this.#states.get(id)
      const end = known?.get(probeName({ role, peer }))
      if (known && !end) return undefined
      if (end) ends.push(end)
    }
    return ends.length > 0 ? ends : undefined
  }
}
