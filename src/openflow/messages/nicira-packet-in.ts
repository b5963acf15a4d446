/**
 * Messages of Nicira for packets that a switch sends: packet_in, packet_in2, which consists of properties, and
 * `resume`, which sends a packet on through the pipeline (nicira-ext.h).
 */
import { fieldList } from '../match/field-list.ts'
import { readNxMatch, writeNxMatch } from '../match/nx-match.ts'
import { type Part, pad, rest, struct, u8, u32, u64 } from '../wire/layout.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { type PacketIn, packetInReason } from './packet-messages.ts'

const data = struct({ data: rest })

/** enum nx_packet_in2_prop_type. */
const PROPERTIES = {
  packet: property(0, data),
  /** The length of the whole packet, if `packet` is only its beginning. */
  full_length: property(1, struct({ length: u32 })),
  buffer: property(2, struct({ bufferId: u32 })),
  table: property(3, struct({ table: u8 })),
  cookie: property(4, struct({ pad: pad(4), cookie: u64 })),
  reason: property(5, struct({ reason: packetInReason })),
  /** The pipeline fields of the packet. */
  metadata: property(6, struct({ match: fieldList })),
  /** The userdata of the action `controller2`. */
  userdata: property(7, data),
  /** Opaque state for the switch that sent it. */
  continuation: property(8, data),
}
/**
 * A property of a `packet_in2` (enum nx_packet_in2_prop_type, nicira-ext.h). `userdata` is that of the action
 * `controller2`. `continuation` is opaque state of the switch, for `resume`.
 */
export type PacketIn2Property = PropertyOf<typeof PROPERTIES>

/**
 * A packet that the switch sends in Nicira's form, after `set_packet_in_format` asked for it. `resume` sends the same
 * back.
 */
export interface PacketIn2 {
  readonly properties: readonly PacketIn2Property[]
}

export const packetIn2: Part<PacketIn2> = struct({ properties: properties(PROPERTIES) })

/**
 * nx_packet_in: buffer 32 bits, length 16, reason 8, table 8, cookie 64, length of the match 16, padding 48, match,
 * padding 16, packet.
 */
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
