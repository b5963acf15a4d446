/**
 * The meters of one switch: those that the desired rules carry, and those that the switch has. A meter that no desired rule
 * carries is deleted, unless a foreign rule uses it. Meters have no cookie, so nothing else shows whose they are.
 */
import { type Flow, type Meter, printMeter } from '../src/openflow/index.ts'
import type { Key } from '../topology/ids.ts'
import type { Rule } from './pipeline/rule.ts'
import { type MeterSpec, meterOf, metersIn, specOf } from './pipeline/vnic-meter.ts'

/** A meter to add, or to change in place. Deleting a meter first would delete the rules that use it. */
export interface MeterChange {
  readonly command: 'add' | 'modify'
  readonly spec: MeterSpec
  /** The author of the rule that carries it. */
  readonly author: Key
}

export interface MeterDelta {
  /** Meters to send before the rules that use them. */
  readonly put: readonly MeterChange[]
  /** Meters to delete after the rules that used them. */
  readonly drop: readonly number[]
}

interface Claim {
  readonly spec: MeterSpec
  readonly author: Key
}

export class MeterLedger {
  /** The authors whose rules carry this meter, in the order of their keys. The first one sets its rate. */
  readonly #wanted = new Map<number, Claim[]>()
  #has = new Map<number, Meter>()
  /** Meters that foreign rules use. */
  #others = new Set<number>()
  /** Numbers for which the desired meter may differ from the one that the switch has. */
  #open = new Set<number>()

  claim({ meters, author }: Rule): void {
    for (const spec of meters) {
      const claims = this.#wanted.get(spec.id) ?? []
      this.#wanted.set(spec.id, claims)
      claims.splice(firstAfter(claims, author), 0, { spec, author })
      this.#open.add(spec.id)
    }
  }

  release({ meters, author }: Rule): void {
    for (const spec of meters) {
      const claims = this.#wanted.get(spec.id) ?? []
      for (let at = firstAfter(claims, author) - 1; claims[at]?.author === author; at--) {
        if (claims[at]?.spec !== spec) continue
        claims.splice(at, 1)
        break
      }
      if (claims.length === 0) this.#wanted.delete(spec.id)
      this.#open.add(spec.id)
    }
  }

  /** Forgets what the switch has. Then `observe` is called for each of its meters, and `observeOther` for each foreign rule. */
  forget(): void {
    this.#has = new Map()
    this.#others = new Set()
    this.#open = new Set(this.#wanted.keys())
  }

  /** Called for each meter that the switch has. */
  observe(meter: Meter): void {
    this.#has.set(meter.meter, meter)
    this.#open.add(meter.meter)
  }

  /** Called for each foreign rule that the switch has. */
  observeOther(flow: Flow): void {
    for (const id of metersIn(flow)) this.#others.add(id)
  }

  /** The numbers of the meters that a rule of the switch uses. */
  of(flow: Flow): MeterSpec[] {
    return metersIn(flow).flatMap((id) => {
      const has = this.#has.get(id)
      return (has && specOf(has)) ?? []
    })
  }

  delta(): MeterDelta {
    const put: MeterChange[] = []
    const drop: number[] = []
    for (const id of this.#open) {
      const want = this.#wanted.get(id)?.[0]
      const has = this.#has.get(id)
      if (want && !(has && printMeter(has) === printMeter(meterOf(want.spec))))
        put.push({ ...want, command: has ? 'modify' : 'add' })
      else if (!want && has && !this.#others.has(id)) drop.push(id)
    }
    return { put, drop }
  }

  /** Called when the switch has accepted this change of the delta. */
  took({ spec }: MeterChange): void {
    this.#has.set(spec.id, meterOf(spec))
  }

  /** Called when the switch has accepted the delta. */
  sent(): void {
    for (const id of this.#open) {
      const want = this.#wanted.get(id)?.[0]
      if (want) this.#has.set(id, meterOf(want.spec))
      else if (!this.#others.has(id)) this.#has.delete(id)
    }
    this.#open = new Set()
  }
}

/** The index of the first claim of a younger author. A search by halves, because all VNICs of a switch may share a meter. */
function firstAfter(claims: readonly Claim[], author: Key): number {
  let [low, high] = [0, claims.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((claims[middle]?.author ?? author) <= author) low = middle + 1
    else high = middle
  }
  return low
}
