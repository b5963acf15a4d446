/**
 * Statistics of flows. In OpenFlow 1.5 they are OXS TLVs (OpenFlow 1.5.1, 7.2.4), and those without a row are kept as
 * octets. Earlier versions have some of them in fixed fields, where all ones mean "unknown".
 */
import type { Reader, Writer } from './cursor.ts'
import { BAD_LEN } from './error-values.ts'
import type { Part } from './layout.ts'
import { lacking, OpenFlowError, refusal } from './openflow-error.ts'

/** A point in time or a duration: seconds, and the nanoseconds after them. */
export interface Seconds {
  readonly seconds: number
  readonly nanoseconds: number
}

/** Statistics of a flow. In OpenFlow 1.5 the order of the properties is the order on the wire. */
export interface FlowStats {
  /** How long the rule has existed. */
  readonly duration?: Seconds
  /** How long no packet has matched. */
  readonly idle?: Seconds
  readonly flows?: number
  readonly packets?: bigint
  readonly bytes?: bigint
  /** Statistics without a row, as they came. OpenFlow 1.5 only. */
  readonly others?: readonly UnknownStat[]
}

/** A statistic that this library does not know. */
export interface UnknownStat {
  /** The number of named statistics before it. If omitted, it comes after all of them. */
  readonly behind?: number
  readonly class: number
  /** Includes the bit that OXS reserves. */
  readonly code: number
  readonly body: Uint8Array
}

const BASIC = 0x8002

interface Row<Value> {
  readonly code: number
  readonly size: number
  write(w: Writer, value: Value): void
  read(r: Reader): Value
}

const time = (code: number): Row<Seconds> => ({
  code,
  size: 8,
  write: (w, { seconds, nanoseconds }) => void w.u32(seconds, 'seconds').u32(nanoseconds, 'nanoseconds'),
  read: (r) => ({ seconds: r.u32(), nanoseconds: r.u32() }),
})

const count = (code: number): Row<bigint> => ({
  code,
  size: 8,
  write: (w, value) => void w.u64(value, 'count'),
  read: (r) => r.u64(),
})

type Known = Required<Omit<FlowStats, 'others'>>

const ROWS: { readonly [Name in keyof Known]: Row<Known[Name]> } = {
  duration: time(0),
  idle: time(1),
  flows: { code: 3, size: 4, write: (w, value) => void w.u32(value, 'flows'), read: (r) => r.u32() },
  packets: count(4),
  bytes: count(5),
}

const entries = Object.entries(ROWS) as Array<[keyof Known, Row<unknown>]>
const byCode = new Map(entries.map((entry) => [entry[1].code, entry]))
const byName = new Map<string, Row<unknown>>(entries)
/** After all named statistics. */
const LAST = Number.POSITIVE_INFINITY

const UNKNOWN = 0xffff_ffff_ffff_ffffn

type Counts = Pick<FlowStats, 'packets' | 'bytes'>

/** The counters in fixed fields, before OpenFlow 1.5. */
export const fixedCounts: Part<Counts> = {
  write: (w, { packets = UNKNOWN, bytes = UNKNOWN }) => void w.u64(packets, 'packets').u64(bytes, 'bytes'),
  read(r) {
    const [packets, bytes] = [r.u64(), r.u64()]
    return { ...(packets === UNKNOWN ? {} : { packets }), ...(bytes === UNKNOWN ? {} : { bytes }) }
  },
}

/** Writes the duration in a fixed field. Statistics that have no fixed field are refused by name. */
export function writeDuration(w: Writer, { duration, idle, flows, others }: FlowStats): void {
  if (others?.length) throw lacking(w.version, 'statistic of a flow without a name')
  if (idle !== undefined) throw lacking(w.version, 'idle, of the statistics of a flow')
  if (flows !== undefined) throw lacking(w.version, 'flows, of the statistics of a flow')
  w.u32(duration?.seconds ?? 0, 'seconds').u32(duration?.nanoseconds ?? 0, 'nanoseconds')
}

export const fixedStats = (duration: Seconds, counts: Counts): FlowStats => ({ duration, ...counts })

/** ofp_stats: 2 reserved octets, length without padding, statistics, padding to a multiple of 8. */
export function writeStats(w: Writer, stats: FlowStats): void {
  if (typeof stats !== 'object' || stats === null) throw refusal('stats', stats, 'an object')
  const start = w.length
  w.u32(0)
  let [count, next] = [0, 0]
  for (const name in stats) {
    const row = byName.get(name)
    const value = stats[name as keyof Known]
    if (!row || value === undefined) continue
    if (stats.others) next = writeOthers(w, stats.others, next, count)
    w.u16(BASIC)
      .u8(row.code << 1)
      .u8(row.size)
    row.write(w, value)
    count += 1
  }
  if (stats.others) writeOthers(w, stats.others, next, LAST)
  w.patch16(start + 2, w.length - start, 'statistics')
  w.align8(start)
}

/** The statistics that have a row, in the order of the rows. */
export const inUsualOrder = (stats: FlowStats): FlowStats =>
  Object.fromEntries(entries.flatMap(([name]) => (stats[name] === undefined ? [] : [[name, stats[name]]])))

/**
 * Writes the unknown statistics from index `next` on that come after at most `count` named ones.
 * @returns the index of the first one that was not written
 */
function writeOthers(w: Writer, others: readonly UnknownStat[], next: number, count: number): number {
  let at = next
  for (let other = others[at]; other && (other.behind ?? LAST) <= count; other = others[at]) {
    w.u16(other.class, 'class').u8(other.code, 'code').u8(other.body.length, 'length of a statistic').bytes(other.body)
    at += 1
  }
  return at
}

export function readStats(r: Reader): FlowStats {
  const start = r.offset
  const length = r.skip(2).u16()
  if (length < 4) {
    throw new OpenFlowError('malformed', 'statistics shorter than their header', { offset: start, error: BAD_LEN })
  }
  const body = r.part(length - 4)
  const stats: Partial<Record<keyof Known, unknown>> = {}
  const others: Array<UnknownStat & { readonly behind: number }> = []
  let count = 0
  while (body.left > 0) {
    const cls = body.u16()
    const code = body.u8()
    const value = body.part(body.u8())
    const [name, row] = (cls === BASIC && (code & 1) === 0 && byCode.get(code >> 1)) || []
    if (name && row && row.size === value.left && stats[name] === undefined) {
      stats[name] = row.read(value)
      count += 1
    } else others.push({ class: cls, code, body: value.rest(), behind: count })
  }
  r.align8(start)
  if (others.length === 0) return stats as FlowStats
  const placed = others.map(({ behind, ...other }) => (behind === count ? other : { ...other, behind }))
  return { ...stats, others: placed } as FlowStats
}
