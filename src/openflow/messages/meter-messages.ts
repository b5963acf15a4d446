/** Meters (OpenFlow 1.5.1, 7.3.4.5 and 7.3.5.12 to 7.3.5.14). */
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN, errorNamed } from '../wire/error-values.ts'
import {
  type Defaulted,
  list,
  named,
  or,
  type Part,
  pad,
  sized,
  struct,
  u8,
  u16,
  u32,
  u64,
  type Values,
} from '../wire/layout.ts'
import { lacking, OpenFlowError } from '../wire/openflow-error.ts'
import { V1_5 } from '../wire/versions.ts'

/** Reserved meter ids. */
export const METER = { MAX: 0xffff0000, SLOWPATH: 0xfffffffd, CONTROLLER: 0xfffffffe, ALL: 0xffffffff } as const

/** Bits of `flags`: the unit of rates, and whether burst sizes are used. */
export const METER_FLAGS = { kbps: 1, pktps: 2, burst: 4, stats: 8 } as const

/** `rate` is in the units of the meter. `burst` is in kilobits or packets. */
interface Rate {
  readonly rate: number
  readonly burst: number
}

/**
 * What a meter does above a rate. `rate` and `burst` are in the units of the meter's `flags`: kilobits or packets per
 * second, and kilobits or packets.
 */
export type Band =
  | (Rate & { readonly type: 'drop' })
  /** Raises the drop precedence by `level`. */
  | (Rate & { readonly type: 'dscp_remark'; readonly level: number })
  /** A band of an unknown type, kept as it came. */
  | (Rate & { readonly type: 'unknown'; readonly code: number; readonly body: Uint8Array })

const [DROP, DSCP_REMARK] = [1, 2]

/** OpenFlow 1.5.1, 7.3.4.5.1: type, length, rate, burst, and the data of the type. */
const band: Part<Band> = {
  write(w: Writer, one: Band) {
    const start = w.length
    w.u16(one.type === 'drop' ? DROP : one.type === 'dscp_remark' ? DSCP_REMARK : one.code, 'code of a band').u16(0)
    w.u32(one.rate, 'rate').u32(one.burst, 'burst')
    if (one.type === 'drop') w.zeros(4)
    else if (one.type === 'dscp_remark') w.u8(one.level, 'level').zeros(3)
    else w.bytes(one.body)
    w.patch16(start + 2, w.length - start, 'band')
  },
  read(r: Reader) {
    const { offset } = r
    const [code, length] = [r.u16(), r.u16()]
    if (length < 12) {
      throw new OpenFlowError('malformed', `a band of ${length} octets: it has at least 12`, { offset, error: BAD_LEN })
    }
    const body = r.part(length - 4)
    const rate = { rate: body.u32(), burst: body.u32() }
    const copy = body.copy()
    if (length === 16 && code === DROP && body.isAtPadding) return { type: 'drop', ...rate }
    const level = length === 16 && code === DSCP_REMARK ? body.u8() : undefined
    if (level !== undefined && body.isAtPadding) return { type: 'dscp_remark', ...rate, level }
    return { type: 'unknown', code, ...rate, body: copy.rest() }
  },
}

const COMMANDS = { add: 0, modify: 1, delete: 2 } as const
/** What a `meter_mod` does. */
export type MeterCommand = keyof typeof COMMANDS

const METER_ROW = {
  /** Bits of METER_FLAGS. */
  flags: u16,
  meter: u32,
  bands: list(band),
}
/** A meter as the switch reports it. */
export type Meter = Values<typeof METER_ROW>

export const meterMod = struct({
  command: named<MeterCommand>(u16, COMMANDS, errorNamed('METER_MOD_FAILED', 'BAD_COMMAND')),
  ...METER_ROW,
})

/** Asks for one meter, or for all. */
export const meterRequest = struct({ meter: or(u32, METER.ALL), pad: pad(4) })

/** OFPMP_METER_DESC in 1.5, OFPMP_METER_CONFIG before. */
export const meterConfigs = struct({ meters: list(sized(struct({ length: pad(2), ...METER_ROW }), 8)) })

const STATS = {
  meter: u32,
  length: pad(2),
  pad: pad(6),
  /** The number of rules that use it. */
  references: u32,
  packets: u64,
  bytes: u64,
  duration: struct({ seconds: u32, nanoseconds: u32 }),
  /** What each band was applied to, in the order of the bands. */
  bands: list(struct({ packets: u64, bytes: u64 })),
}
/**
 * Statistics of a meter (OpenFlow 1.5.1, 7.3.5.12). `references` is the number of rules that use it, `packets` and
 * `bytes` are its input, and `bands` says for each band, in order, what it was applied to.
 */
export type MeterStats = Values<typeof STATS>
export const meterStats = struct({ meters: list(sized(struct(STATS), 40, 4)) })

/** 32 bits and 32 bits of padding, or nothing. */
const meterPlaces: Defaulted<number | undefined> = {
  fallback: undefined,
  write(w, value, name) {
    if (value === undefined) return
    if (w.version < V1_5) throw lacking(w.version, `${name} of meters`)
    w.u32(value, name).zeros(4)
  },
  read(r) {
    if (r.version < V1_5 || r.left === 0) return undefined
    const value = r.u32()
    r.skip(4)
    return value
  },
}

const FEATURES = {
  maxMeter: u32,
  /** Bit n stands for bands of type n. */
  bandTypes: u32,
  /** Bits of METER_FLAGS. */
  capabilities: u32,
  maxBands: u8,
  maxColor: u8,
  pad: pad(2),
  /** Where meters may be used (1.5.1). Open vSwitch omits it. Not before 1.5. */
  features: meterPlaces,
}
/**
 * The meters that the switch supports (OpenFlow 1.5.1, 7.3.5.14): the maximum numbers, and types of bands and `flags`
 * as bits.
 */
export type MeterFeatures = Values<typeof FEATURES>
export const meterFeatures = struct({ features: struct(FEATURES) })
