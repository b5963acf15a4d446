/** Nicira's packet_in, packet_in2, which is one of properties, and `resume`, which sends one on through the pipeline (nicira-ext.h). */
import { fieldList } from '../match/field-list.ts'
import { readNxMatch, writeNxMatch } from '../match/nx-match.ts'
import { type Part, pad, rest, struct, u8, u32, u64 } from '../wire/layout.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { type PacketIn, packetInReason } from './packet-messages.ts'

const data = struct({ data: rest })

/** enum nx_packet_in2_prop_type. */
const PROPERTIES = {
  packet: property(0, data),
  /** Octets of the whole packet, if `packet` is not all of it. */
  full_length: property(1, struct({ length: u32 })),
  buffer: property(2, struct({ bufferId: u32 })),
  table: property(3, struct({ table: u8 })),
  cookie: property(4, struct({ pad: pad(4), cookie: u64 })),
  reason: property(5, struct({ reason: packetInReason })),
  /** What the pipeline knew of the packet. */
  metadata: property(6, struct({ match: fieldList })),
  /** What the action `controller` had with it. */
  userdata: property(7, data),
  /** For the switch that sent it alone. */
  continuation: property(8, data),
}
/**
 * A part of a `packet_in2` (enum nx_packet_in2_prop_type, nicira-ext.h). `userdata` is what the action `controller2`
 * had with it, `continuation` is for the switch that sent it, to `resume`.
 */
export type PacketIn2Property = PropertyOf<typeof PROPERTIES>

/**
 * A packet that the switch sends as Nicira has it, once it was asked to by `set_packet_in_format`; the same is what
 * `resume` hands back.
 */
export interface PacketIn2 {
  readonly properties: readonly PacketIn2Property[]
}

export const packetIn2: Part<PacketIn2> = struct({ properties: properties(PROPERTIES) })

/** nx_packet_in: buffer 32 bits, length 16, reason 8, table 8, cookie 64, length of the match 16, padding 48; match; the packet. */
export const niciraPacketIn: Part<PacketIn> = {
  write(w, packet) {
    w.u32(packet.bufferId, 'bufferId').u16(packet.totalLength, 'totalLength')
    packetInReason.write(w, packet.reason, 'reason')
    w.u8(packet.table, 'table').u64(packet.cookie, 'cookie').zeros(8)
    writeNxMatch(w, packet.match, w.length - 8)
    w.zeros(2).bytes(packet.data, 'data')
  },
  read(r) {
    const head = {
      bufferId: r.u32(),
      totalLength: r.u16(),
      reason: packetInReason.read(r),
      table: r.u8(),
      cookie: r.u64(),
    }
    const length = r.u16()
    return { ...head, match: readNxMatch(r.skip(6), length), data: r.skip(2).rest() }
  },
}
