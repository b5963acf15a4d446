/** Configuration and statistics of ports (OpenFlow 1.5.1, 7.3.4.4 and 7.3.5.6; in 1.3 without properties). */
import type { Writer } from '../wire/cursor.ts'
import { either, list, mac, or, type Part, pad, sized, struct, u16, u32, u64, type Values } from '../wire/layout.ts'
import { lacking } from '../wire/openflow-error.ts'
import { PORT } from '../wire/port-numbers.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { V1_4 } from '../wire/versions.ts'

const MOD_PROPERTIES = {
  /** Bits of ofp_port_features. */
  ethernet: property(0, struct({ advertised: u32 })),
  optical: property(1, struct({ configure: u32, frequency: u32, offset: u32, gridSpan: u32, txPower: u32 })),
}
/** What to change in a port besides its `config`. `advertised` has bits of ofp_port_features. */
export type PortModProperty = PropertyOf<typeof MOD_PROPERTIES>

const HEAD = {
  port: u32,
  pad: pad(4),
  /** The address of the port. If it differs, the switch refuses the message. */
  address: mac,
  pad2: pad(2),
  /** Bits of PORT_CONFIG. Only those in `mask` are changed. */
  config: u32,
  mask: u32,
}

export interface PortModBody extends Values<typeof HEAD> {
  /** In 1.3 exactly one property, `ethernet`. */
  readonly properties: readonly PortModProperty[]
}

type Extended<Property> = { readonly properties: readonly Property[] }

/** The one property that 1.3 has, or its default. */
function only<Property extends { readonly type: string }, Type extends Property['type']>(
  w: Writer,
  { properties: [first, second] }: Extended<Property>,
  type: Type,
  without: Extract<Property, { readonly type: Type }>,
): Extract<Property, { readonly type: Type }> {
  if (first && first.type !== type) throw lacking(w.version, `property ${first.type} of a port`)
  if (second) throw lacking(w.version, `second property of a port, ${second.type}`)
  return (first ?? without) as Extract<Property, { readonly type: Type }>
}

const head = struct(HEAD)
const fixedMod: Part<PortModBody> = {
  write(w, mod, name) {
    head.write(w, mod, name)
    const none = { type: 'ethernet', advertised: 0 } as const
    w.u32(only<PortModProperty, 'ethernet'>(w, mod, 'ethernet', none).advertised, 'advertised').zeros(4)
  },
  read(r) {
    const mod = { ...head.read(r), properties: [{ type: 'ethernet', advertised: r.u32() } as const] }
    r.skip(4)
    return mod
  },
}
export const portMod = either(V1_4, fixedMod, struct({ ...HEAD, properties: properties(MOD_PROPERTIES) }))

const ERRORS = { rxFrameErrors: u64, rxOverErrors: u64, rxCrcErrors: u64, collisions: u64 }

const optical = struct({
  pad: pad(4),
  flags: u32,
  txFrequency: u32,
  txOffset: u32,
  txGridSpan: u32,
  rxFrequency: u32,
  rxOffset: u32,
  rxGridSpan: u32,
  txPower: u16,
  rxPower: u16,
  biasCurrent: u16,
  temperature: u16,
})

const STATS_PROPERTIES = {
  ethernet: property(0, struct({ pad: pad(4), ...ERRORS })),
  optical: property(1, optical),
}
/** More counters of a port, or measurements of an optical one. */
export type PortStatsProperty = PropertyOf<typeof STATS_PROPERTIES>

const duration = struct({ seconds: u32, nanoseconds: u32 })
/** All ones mean that the port does not count it. */
const COUNTS = {
  rxPackets: u64,
  txPackets: u64,
  rxBytes: u64,
  txBytes: u64,
  rxDropped: u64,
  txDropped: u64,
  rxErrors: u64,
  txErrors: u64,
}

/**
 * Statistics of a port (OpenFlow 1.5.1, 7.3.5.6). A counter of all ones, 0xffffffffffffffff, is not counted by the
 * port.
 */
export interface PortStats extends Values<typeof COUNTS> {
  readonly port: number
  readonly duration: Values<{ seconds: typeof u32; nanoseconds: typeof u32 }>
  /** In 1.3 exactly one property, `ethernet`. */
  readonly properties: readonly PortStatsProperty[]
}

const extensible: Part<PortStats> = sized(
  struct({ length: pad(2), pad: pad(2), port: u32, duration, ...COUNTS, properties: properties(STATS_PROPERTIES) }),
  80,
)

const UNKNOWN = 0xffff_ffff_ffff_ffffn
const NOT_COUNTED = {
  type: 'ethernet',
  rxFrameErrors: UNKNOWN,
  rxOverErrors: UNKNOWN,
  rxCrcErrors: UNKNOWN,
  collisions: UNKNOWN,
} as const
const counts = struct(COUNTS)
const errors = struct(ERRORS)

const fixed: Part<PortStats> = {
  write(w, stats) {
    w.u32(stats.port, 'port').zeros(4)
    counts.write(w, stats, 'counts')
    errors.write(w, only<PortStatsProperty, 'ethernet'>(w, stats, 'ethernet', NOT_COUNTED), 'ethernet')
    duration.write(w, stats.duration, 'duration')
  },
  read(r) {
    const port = r.u32()
    const counted = counts.read(r.skip(4))
    const properties = [{ type: 'ethernet' as const, ...errors.read(r) }]
    return { port, duration: duration.read(r), ...counted, properties }
  },
}

export const portStatsRequest = struct({ port: or(u32, PORT.ANY), pad: pad(4) })
export const portStats = struct({ ports: list(either(V1_4, fixed, extensible)) })
