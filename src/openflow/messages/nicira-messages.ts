/** Messages of Nicira about connections, tunnel options and tracked connections (nicira-ext.h). */
import { errorNamed } from '../wire/error-values.ts'
import { choice, list, or, type Part, pad, struct, u8, u16, u32, u64, type Values } from '../wire/layout.ts'
import { refusal } from '../wire/openflow-error.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'

const BAD_VALUE = errorNamed('BAD_PROPERTY', 'BAD_VALUE')

/** NXT_ROLE_REQUEST and NXT_ROLE_REPLY. `other` is the role `equal`. */
export const niciraRole = struct({
  role: choice(u32, ['other', 'master', 'slave'] as const, errorNamed('ROLE_REQUEST_FAILED', 'BAD_ROLE')),
})

/** NXT_SET_PACKET_IN_FORMAT: the message in which the switch sends packets. */
export const packetInFormat = struct({
  format: choice(u32, ['standard', 'nxt_packet_in', 'nxt_packet_in2'], BAD_VALUE),
})

/** NXT_SET_CONTROLLER_ID: the id by which the action `controller` addresses this connection. */
export const controllerId = struct({ pad: pad(6), id: u16 })

const MAPPING = {
  /** Class and type of the Geneve option, and the octets of its value: a multiple of 4. */
  optionClass: u16,
  optionType: u8,
  optionLength: u8,
  /** The n of tun_metadata<n>. */
  index: u16,
  pad: pad(2),
}
/**
 * Maps an option of a Geneve header to a field: class and type of the option, the octets of its value (a multiple of
 * 4), and the n of `tun_metadata<n>`.
 */
export type TlvMapping = Values<typeof MAPPING>
const mappings = list(struct(MAPPING))
const NONE: readonly TlvMapping[] = []

/** NXT_TLV_TABLE_MOD. */
export const tlvTableMod = struct({
  command: choice(u16, ['add', 'delete', 'clear'] as const, BAD_VALUE),
  pad: pad(6),
  mappings: or(mappings, NONE),
})
/** NXT_TLV_TABLE_REPLY, with the maximum numbers of octets and fields. */
export const tlvTable = struct({ maxSpace: u32, maxFields: u16, pad: pad(10), mappings })

const IPFIX = {
  /** In total, and now. */
  flows: u64,
  currentFlows: u64,
  packets: u64,
  ipv4Packets: u64,
  ipv6Packets: u64,
  errors: u64,
  ipv4Errors: u64,
  ipv6Errors: u64,
  txPackets: u64,
  txErrors: u64,
  collectorSet: u32,
  pad: pad(4),
}
/** NXST_IPFIX_BRIDGE and NXST_IPFIX_FLOW: what an IPFIX exporter has sampled and sent. */
export type IpfixStats = Values<typeof IPFIX>
export const ipfixStats = struct(IPFIX)

/** NXT_CT_FLUSH_ZONE. */
export const ctFlushZone = struct({ pad: pad(6), zone: u16 })

/** 128 bits: an IPv6 address, or an IPv4 address mapped to ::ffff:0:0/96. */
const address: Part<bigint> = {
  write(w, value, name) {
    if (typeof value !== 'bigint') throw refusal(name, value, 'a bigint of 128 bits')
    w.u64(value >> 64n, name).u64(value & 0xffff_ffff_ffff_ffffn, name)
  },
  read: (r) => (r.u64() << 64n) | r.u64(),
}

const port = struct({ port: u16, pad: pad(2) })
/** enum nx_ct_flush_tuple_tlv_type. */
const TUPLE = {
  src: property(0, struct({ address })),
  dst: property(1, struct({ address })),
  src_port: property(2, port),
  dst_port: property(3, port),
  icmp_id: property(4, struct({ id: u16, pad: pad(2) })),
  icmp_type: property(5, struct({ value: u8 })),
  icmp_code: property(6, struct({ value: u8 })),
}
/**
 * A part of a connection's tuple: an address (128 bits; IPv4 is mapped to ::ffff:0:0/96), a port, or a value of ICMP.
 */
export type TupleProperty = PropertyOf<typeof TUPLE>
const tuple = struct({ pad: pad(4), tuple: properties(TUPLE) })

/** enum nx_ct_flush_tlv_type. */
const FLUSH = {
  original: property(0, tuple),
  reply: property(1, tuple),
  zone: property(2, struct({ zone: u16, pad: pad(2) })),
}
/** Selects tracked connections: by zone, and by addresses and ports of either direction. */
export type CtFlushProperty = PropertyOf<typeof FLUSH>

/** NXT_CT_FLUSH: flushes connections of this IP protocol (0 is any) with these addresses and this zone. */
export const ctFlush = struct({ protocol: u8, pad: pad(7), properties: properties(FLUSH) })
