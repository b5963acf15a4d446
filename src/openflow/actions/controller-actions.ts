/**
 * Actions of Nicira that send packets to controllers and collectors (ovs-actions(7), "The controller action", "The
 * sample action").
 */

import { type Bits, bitRange, readBits, refuseLong, writeBits } from '../match/subfield.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { refusal } from '../wire/openflow-error.ts'
import { narrow, widen } from '../wire/port-numbers.ts'
import { given, type Row, type Rows } from './nicira-row.ts'

export type TellAction =
  | { readonly type: 'controller'; readonly maxLen: number; readonly controllerId: number; readonly reason: number }
  /** Defaults: the whole packet, controller 0, reason 1 (an action). */
  | {
      readonly type: 'controller2'
      readonly maxLen?: number
      readonly controllerId?: number
      readonly reason?: number
      /** Sent along with the packet. */
      readonly userdata?: Uint8Array
      /** Stops processing until the controller resumes the packet. */
      readonly pause?: true
      readonly meter?: number
    }
  /** Samples `probability` in 65535 of the packets, for IPFIX. */
  | {
      readonly type: 'sample'
      readonly probability: number
      readonly collectorSet: number
      /** Observation domain and point: numbers, or the bits of a field that hold them (OVS 3.4 and later). */
      readonly domain: number | Bits
      readonly point: number | Bits
      readonly port?: number
      readonly direction?: (typeof DIRECTIONS)[number]
    }

type Controller2 = Extract<TellAction, { type: 'controller2' }>
type Sample = Extract<TellAction, { type: 'sample' }>

/** nx_action_sample_direction. */
export const DIRECTIONS = ['none', 'ingress', 'egress'] as const

const [MAX_LEN, CONTROLLER_ID, REASON, USERDATA, PAUSE, METER_ID] = [0, 1, 2, 3, 4, 5]

function property(w: Writer, type: number, length: number, write: (w: Writer) => void): void {
  const start = w.length
  write(w.u16(type).u16(4 + length, 'length of a property'))
  w.align8(start)
}

/** nx_action_controller2: padding 48 bits, then properties in the order of their types. */
const controller2: Row<Controller2> = {
  subtypes: [37],
  write(w, { maxLen, controllerId, reason, userdata, pause, meter }) {
    w.u16(37).zeros(6)
    if (maxLen !== undefined) property(w, MAX_LEN, 4, () => w.u16(maxLen, 'maxLen').zeros(2))
    if (controllerId !== undefined) property(w, CONTROLLER_ID, 4, () => w.u16(controllerId, 'controllerId').zeros(2))
    if (reason !== undefined) property(w, REASON, 1, () => w.u8(reason, 'reason'))
    if (userdata !== undefined) property(w, USERDATA, userdata.length, () => w.bytes(userdata, 'userdata'))
    if (pause) property(w, PAUSE, 0, () => {})
    if (meter !== undefined) property(w, METER_ID, 4, () => w.u32(meter, 'meter'))
  },
  read(r) {
    r.skip(6)
    const action: { -readonly [Key in keyof Controller2]: Controller2[Key] } = { type: 'controller2' }
    let last = -1
    while (r.left > 0) {
      const start = r.offset
      const [type, length] = [r.u16(), r.u16()]
      // A property in another order, or a duplicate. Kept as octets, the action is sent exactly as it came.
      if (type <= last || length < 4 || length - 4 > r.left) return undefined
      const body = r.part(length - 4)
      if (!readProperty(action, type, body)) return undefined
      r.align8(start)
      last = type
    }
    return action
  },
}

/**
 * Puts the value of a property into the action.
 * @returns whether the property is known
 */
function readProperty(
  action: { -readonly [Key in keyof Controller2]: Controller2[Key] },
  type: number,
  body: Reader,
): boolean {
  const size = [4, 4, 1, body.left, 0, 4][type]
  if (size !== body.left) return false
  if (type === MAX_LEN) action.maxLen = body.u16()
  else if (type === CONTROLLER_ID) action.controllerId = body.u16()
  else if (type === REASON) action.reason = body.u8()
  else if (type === USERDATA) action.userdata = body.rest()
  else if (type === PAUSE) action.pause = true
  else action.meter = body.u32()
  return true
}

const [SAMPLE, SAMPLE2, SAMPLE3, SAMPLE4] = [29, 38, 41, 51]
const NO_PORT = 0xffff

/**
 * nx_action_sample: probability 16 bits, collector_set_id 32, obs_domain_id 32, obs_point_id 32. sample2 adds a port 16
 * and padding 48. sample3 adds a direction 8 after the port. In sample4, domain and point are a field (or 0) 32 bits
 * and a number or range 32 bits.
 */
const sample: Row<Sample> = {
  subtypes: [SAMPLE, SAMPLE2, SAMPLE3, SAMPLE4],
  write(w, { probability, collectorSet, domain, point, port, direction }) {
    const byFields = typeof domain !== 'number' || typeof point !== 'number'
    const subtype = byFields ? SAMPLE4 : direction ? SAMPLE3 : port === undefined ? SAMPLE : SAMPLE2
    w.u16(subtype).u16(probability, 'probability').u32(collectorSet, 'collectorSet')
    for (const source of [domain, point]) {
      if (byFields) writeSource(w, source)
      else if (typeof source === 'number') w.u32(source, 'domain or point')
    }
    if (subtype === SAMPLE) return
    w.u16(port === undefined ? NO_PORT : narrow(port), 'port')
    w.u8(direction === undefined ? 0 : directionOf(direction)).zeros(5)
  },
  read(r, subtype) {
    const [probability, collectorSet] = [r.u16(), r.u32()]
    const read = (): number | Bits | undefined => (subtype === SAMPLE4 ? readSource(r) : r.u32())
    const [domain, point] = [read(), read()]
    if (domain === undefined || point === undefined) return undefined
    const base = { type: 'sample' as const, probability, collectorSet, domain, point }
    if (subtype === SAMPLE) return base
    const port = r.u16()
    const direction = DIRECTIONS[r.u8()]
    r.skip(5)
    const isUsual = port === NO_PORT
    switch (subtype) {
      // It would be sent with another subtype, so it is kept as octets.
      case SAMPLE2:
        return isUsual || direction !== 'none' ? undefined : { ...base, port: widen(port) }
      case SAMPLE3:
        return direction && { ...base, ...given('port', isUsual ? undefined : widen(port)), direction }
      default:
        if (typeof domain === 'number' && typeof point === 'number') return undefined
        return (
          direction && {
            ...base,
            ...given('port', isUsual ? undefined : widen(port)),
            ...given('direction', direction === 'none' ? undefined : direction),
          }
        )
    }
  },
}

function directionOf(direction: (typeof DIRECTIONS)[number]): number {
  const number = DIRECTIONS.indexOf(direction)
  if (number < 0) throw refusal('direction', direction, DIRECTIONS.join(', '))
  return number
}

function writeSource(w: Writer, source: number | Bits): void {
  if (typeof source === 'number') w.u32(0).u32(source, 'domain or point')
  else {
    refuseLong(source.field)
    writeBits(w, source)
    w.u16(bitRange(source), 'offset').zeros(2)
  }
}

function readSource(r: Reader): number | Bits | undefined {
  const ahead = r.copy()
  if (ahead.u32() === 0) return r.skip(4).u32()
  const source = readBits(r.copy(), ahead.u16())
  r.skip(8)
  return source
}

export const TELL_ROWS: Rows<TellAction> = {
  // nx_action_controller: max_len 16 bits, controller_id 16, reason 8, padding 8.
  controller: {
    subtypes: [20],
    write: (w, { maxLen, controllerId, reason }) =>
      void w.u16(20).u16(maxLen, 'maxLen').u16(controllerId, 'controllerId').u8(reason, 'reason').zeros(1),
    read: (r) => ({ type: 'controller', maxLen: r.u16(), controllerId: r.u16(), reason: r.u8() }),
  },
  controller2,
  sample,
}
