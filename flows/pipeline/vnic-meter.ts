/**
 * Meters limit how much a switch forwards. A rule that uses meters carries them as data. So they have the author of the rule,
 * and are added and deleted with it. A meter has no cookie, so its number is a function of the VNIC's port.
 */
import { type Action, type Flow, METER_FLAGS, type Meter, printMeter } from '../../src/openflow/index.ts'

export interface MeterSpec {
  readonly id: number
  readonly unit: 'kbps' | 'pktps'
  /** Kilobits or packets per second. */
  readonly rate: number
  /** The burst, in kilobits or packets. */
  readonly burst: number
}

/** The number of meters that each VNIC has on its switch. */
export const METERS_PER_VNIC = 4

/** One of the meters of each VNIC. Only the stage that declares it uses it. */
export interface VnicMeter {
  readonly name: string
  /** 0 to METERS_PER_VNIC - 1. Each slot is used once. */
  readonly slot: number
  /** What it limits, for the docs. */
  readonly limits: string
}

/**
 * The number of a VNIC's meter.
 * @param ofport the OpenFlow port of its interface, at most 0xff00. So a number is at most 261,123. Open vSwitch 3.1 accepts up
 *   to 262,144 in user space and 200,000 with the kernel.
 */
export const meterId = (ofport: number, { slot }: VnicMeter): number => ofport * METERS_PER_VNIC + slot

/** The action that sends packets through meters. */
export const throughMeters = (meters: readonly MeterSpec[]): Action[] =>
  meters.map(({ id }) => ({ type: 'meter', meter: id }))

/** The meter drops what exceeds the rate. */
export const meterOf = ({ id, unit, rate, burst }: MeterSpec): Meter => ({
  meter: id,
  flags: METER_FLAGS[unit] | METER_FLAGS.burst,
  bands: [{ type: 'drop', rate, burst }],
})

/** The specification of a meter that a switch has; undefined for a meter that Plugboard does not make. */
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
