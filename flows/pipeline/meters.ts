/**
 * Meters: how much of what goes through them a switch lets pass. A rule that uses meters carries them as data, so that they
 * have its author and come and go with it. Their numbers are a function of the port, for a meter has no cookie.
 */
import { type Action, type Flow, METER_FLAGS, type Meter, printMeter } from '../../src/openflow/index.ts'

export interface MeterSpec {
  readonly id: number
  readonly unit: 'kbps' | 'pktps'
  /** Kilobits or packets a second. */
  readonly rate: number
  /** Kilobits or packets that may come at once. */
  readonly burst: number
}

/** What of a VNIC is metered: what it sends, what it receives, and what of it the controller must answer, and where it must look for a next hop. */
export const METERED = { fromVnic: 0, toVnic: 1, toController: 2, nextHops: 3 } as const
const KINDS = 4

/**
 * The number of a VNIC's meter.
 * @param ofport of its interface, at most 0xff00: so a number is at most 261,122, and Open vSwitch 3.1 takes up to 262,144 in
 *   user space and 200,000 with the kernel
 */
export const meterId = (ofport: number, kind: keyof typeof METERED): number => ofport * KINDS + METERED[kind]

/** It drops what is above the rate. */
export const meterOf = ({ id, unit, rate, burst }: MeterSpec): Meter => ({
  meter: id,
  flags: METER_FLAGS[unit] | METER_FLAGS.burst,
  bands: [{ type: 'drop', rate, burst }],
})

/** As data again: what the switch has of a kept rule. Undefined for one that is none of ours. */
export function specOf(meter: Meter): MeterSpec | undefined {
  const unit = (meter.flags & METER_FLAGS.kbps) !== 0 ? 'kbps' : 'pktps'
  const [band] = meter.bands
  const spec: MeterSpec | undefined = band && { id: meter.meter, unit, rate: band.rate, burst: band.burst }
  return spec && printMeter(meterOf(spec)) === printMeter(meter) ? spec : undefined
}

/** The numbers of the meters that a rule uses. */
export function metersIn({ instructions }: Pick<Flow, 'instructions'>): number[] {
  const found: number[] = []
  for (const one of instructions) {
    if (one.type === 'meter') found.push(one.meter)
    else if ('actions' in one) collect(one.actions, found)
  }
  return found
}

function collect(actions: readonly Action[], found: number[]): void {
  for (const action of actions) {
    if (action.type === 'meter') found.push(action.meter)
    else if ('actions' in action && Array.isArray(action.actions)) collect(action.actions as readonly Action[], found)
  }
}
