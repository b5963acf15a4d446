/**
 * Match fields: one row per field, read by the encoder, the decoder, the printer and the parser. Names, order and text form
 * are those of ovs-fields(7) and ovs-ofctl. Over 200 lines: it is a table.
 */

/** OXM classes (OpenFlow 1.5.1, 7.2.3.3), and the Nicira ones of ovs-fields(7). */
const BASIC = 0x8000
const NXM0 = 0x0000
const NXM1 = 0x0001
const PACKET_REGS = 0x8001

/** How a value is written as text in a match. */
export type Format =
  /** A number; in hexadecimal with a mask. */
  | 'decimal'
  | 'hex'
  | 'mac'
  | 'ipv4'
  | 'ipv6'
  /** The name of a reserved port, or its number. */
  | 'port'
  /** DSCP, written shifted by the two bits of ECN. */
  | 'tos'
  | 'frag'
  /** Names of bits: `ct_state`, `tcp_flags`, `tun_flags`. */
  | 'flags'
  | 'packet_type'
  | 'label'

interface Row<Width extends 'number' | 'bigint' = 'number' | 'bigint'> {
  readonly class: number
  readonly code: number
  /** Octets of a value on the wire. */
  readonly size: number
  /** Bits of it that mean something. */
  readonly bits: number
  /** The first value that is too large. */
  readonly limit: number | bigint
  /** Are there values that its octets hold and that are too large? */
  readonly isNarrow: boolean
  readonly width: Width
  readonly format: Format
  /** The name in the text of a match, if it has another one there than its own. */
  readonly text?: string
  /** The IP protocol that the field is of. */
  readonly protocol?: number
  /** Bits that actions can name, if they are not those of a match. */
  readonly part?: number
  /** Class and code of the older header that Nicira's extensions have for it, of the same size. */
  readonly nxm?: readonly [cls: number, code: number]
}

type More = Pick<Row, 'text' | 'protocol' | 'part' | 'nxm'> & { readonly size?: number }

/** A field of up to 48 bits: its values are numbers. */
const small = (cls: number, code: number, bits: number, format: Format, more: More = {}): Row<'number'> => {
  const { size = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 24 ? 3 : bits <= 32 ? 4 : 6 } = more
  return {
    ...more,
    class: cls,
    code,
    size,
    bits,
    limit: 2 ** bits,
    isNarrow: bits < size * 8,
    width: 'number',
    format,
  }
}

/** A wider field: its values are bigints. */
const wide = (cls: number, code: number, bits: 64 | 128, format: Format, more: More = {}): Row<'bigint'> => ({
  class: cls,
  code,
  size: bits / 8,
  bits,
  limit: 1n << BigInt(bits),
  isNarrow: false,
  width: 'bigint',
  format,
  ...more,
})

export const ICMP = 1
export const TCP = 6
export const UDP = 17
export const ICMPV6 = 58
export const SCTP = 132

/** In the order in which `ovs-ofctl` prints them. */
export const FIELDS = {
  pkt_mark: small(NXM1, 33, 32, 'hex'),
  recirc_id: small(NXM1, 36, 32, 'hex'),
  dp_hash: small(NXM1, 35, 32, 'hex'),
  conj_id: small(NXM1, 37, 32, 'decimal'),
  actset_output: small(BASIC, 43, 32, 'port'),
  ct_state: small(NXM1, 105, 8, 'flags', { size: 4, part: 32 }),
  ct_zone: small(NXM1, 106, 16, 'decimal'),
  ct_mark: small(NXM1, 107, 32, 'hex'),
  ct_label: wide(NXM1, 108, 128, 'hex'),
  ct_nw_src: small(NXM1, 120, 32, 'ipv4'),
  ct_ipv6_src: wide(NXM1, 122, 128, 'ipv6'),
  ct_nw_dst: small(NXM1, 121, 32, 'ipv4'),
  ct_ipv6_dst: wide(NXM1, 123, 128, 'ipv6'),
  ct_nw_proto: small(NXM1, 119, 8, 'decimal'),
  ct_tp_src: small(NXM1, 124, 16, 'decimal'),
  ct_tp_dst: small(NXM1, 125, 16, 'decimal'),
  packet_type: small(BASIC, 44, 32, 'packet_type'),
  reg0: small(NXM1, 0, 32, 'hex'),
  reg1: small(NXM1, 1, 32, 'hex'),
  reg2: small(NXM1, 2, 32, 'hex'),
  reg3: small(NXM1, 3, 32, 'hex'),
  reg4: small(NXM1, 4, 32, 'hex'),
  reg5: small(NXM1, 5, 32, 'hex'),
  reg6: small(NXM1, 6, 32, 'hex'),
  reg7: small(NXM1, 7, 32, 'hex'),
  reg8: small(NXM1, 8, 32, 'hex'),
  reg9: small(NXM1, 9, 32, 'hex'),
  reg10: small(NXM1, 10, 32, 'hex'),
  reg11: small(NXM1, 11, 32, 'hex'),
  reg12: small(NXM1, 12, 32, 'hex'),
  reg13: small(NXM1, 13, 32, 'hex'),
  reg14: small(NXM1, 14, 32, 'hex'),
  reg15: small(NXM1, 15, 32, 'hex'),
  xreg0: wide(PACKET_REGS, 0, 64, 'hex'),
  xreg1: wide(PACKET_REGS, 1, 64, 'hex'),
  xreg2: wide(PACKET_REGS, 2, 64, 'hex'),
  xreg3: wide(PACKET_REGS, 3, 64, 'hex'),
  xreg4: wide(PACKET_REGS, 4, 64, 'hex'),
  xreg5: wide(PACKET_REGS, 5, 64, 'hex'),
  xreg6: wide(PACKET_REGS, 6, 64, 'hex'),
  xreg7: wide(PACKET_REGS, 7, 64, 'hex'),
  xxreg0: wide(NXM1, 111, 128, 'hex'),
  xxreg1: wide(NXM1, 112, 128, 'hex'),
  xxreg2: wide(NXM1, 113, 128, 'hex'),
  xxreg3: wide(NXM1, 114, 128, 'hex'),
  tun_id: wide(BASIC, 38, 64, 'hex', { nxm: [NXM1, 16] }),
  tun_src: small(NXM1, 31, 32, 'ipv4'),
  tun_dst: small(NXM1, 32, 32, 'ipv4'),
  tun_ipv6_src: wide(NXM1, 109, 128, 'ipv6'),
  tun_ipv6_dst: wide(NXM1, 110, 128, 'ipv6'),
  tun_gbp_id: small(NXM1, 38, 16, 'decimal'),
  tun_gbp_flags: small(NXM1, 39, 8, 'hex'),
  tun_flags: small(NXM1, 104, 1, 'flags', { size: 2 }),
  metadata: wide(BASIC, 2, 64, 'hex'),
  in_port: small(BASIC, 0, 32, 'port'),
  nxm_in_port: small(NXM0, 0, 16, 'port'),
  in_phy_port: small(BASIC, 1, 32, 'port'),
  vlan_tci: small(NXM0, 4, 16, 'hex'),
  vlan_vid: small(BASIC, 6, 13, 'decimal', { part: 12 }),
  vlan_pcp: small(BASIC, 7, 3, 'decimal', { text: 'dl_vlan_pcp' }),
  eth_src: small(BASIC, 4, 48, 'mac', { text: 'dl_src', nxm: [NXM0, 2] }),
  eth_dst: small(BASIC, 3, 48, 'mac', { text: 'dl_dst', nxm: [NXM0, 1] }),
  eth_type: small(BASIC, 5, 16, 'hex', { text: 'dl_type', nxm: [NXM0, 3] }),
  ipv6_src: wide(BASIC, 26, 128, 'ipv6', { nxm: [NXM1, 19] }),
  ipv6_dst: wide(BASIC, 27, 128, 'ipv6', { nxm: [NXM1, 20] }),
  ipv6_label: small(BASIC, 28, 20, 'label', { size: 4, nxm: [NXM1, 27] }),
  ipv6_exthdr: small(BASIC, 39, 9, 'hex'),
  ipv4_src: small(BASIC, 11, 32, 'ipv4', { text: 'nw_src', nxm: [NXM0, 7] }),
  ipv4_dst: small(BASIC, 12, 32, 'ipv4', { text: 'nw_dst', nxm: [NXM0, 8] }),
  arp_spa: small(BASIC, 22, 32, 'ipv4', { nxm: [NXM0, 16] }),
  arp_tpa: small(BASIC, 23, 32, 'ipv4', { nxm: [NXM0, 17] }),
  ip_proto: small(BASIC, 10, 8, 'decimal', { text: 'nw_proto', nxm: [NXM0, 6] }),
  arp_op: small(BASIC, 21, 16, 'decimal', { nxm: [NXM0, 15] }),
  arp_sha: small(BASIC, 24, 48, 'mac', { nxm: [NXM1, 17] }),
  arp_tha: small(BASIC, 25, 48, 'mac', { nxm: [NXM1, 18] }),
  ip_dscp: small(BASIC, 8, 6, 'tos', { text: 'nw_tos' }),
  nxm_ip_tos: small(NXM0, 5, 8, 'decimal'),
  ip_ecn: small(BASIC, 9, 2, 'decimal', { text: 'nw_ecn', nxm: [NXM1, 28] }),
  nw_ttl: small(NXM1, 29, 8, 'decimal'),
  mpls_label: small(BASIC, 34, 20, 'decimal', { size: 4 }),
  mpls_tc: small(BASIC, 35, 3, 'decimal'),
  mpls_ttl: small(NXM1, 30, 8, 'decimal'),
  mpls_bos: small(BASIC, 36, 1, 'decimal'),
  pbb_isid: small(BASIC, 37, 24, 'hex'),
  pbb_uca: small(BASIC, 41, 1, 'decimal'),
  ip_frag: small(NXM1, 26, 2, 'frag', { text: 'nw_frag' }),
  icmp_type: small(BASIC, 19, 8, 'decimal', { protocol: ICMP, nxm: [NXM0, 13] }),
  icmp_code: small(BASIC, 20, 8, 'decimal', { protocol: ICMP, nxm: [NXM0, 14] }),
  icmpv6_type: small(BASIC, 29, 8, 'decimal', { text: 'icmp_type', protocol: ICMPV6, nxm: [NXM1, 21] }),
  icmpv6_code: small(BASIC, 30, 8, 'decimal', { text: 'icmp_code', protocol: ICMPV6, nxm: [NXM1, 22] }),
  nd_target: wide(BASIC, 31, 128, 'ipv6', { nxm: [NXM1, 23] }),
  nd_sll: small(BASIC, 32, 48, 'mac', { nxm: [NXM1, 24] }),
  nd_tll: small(BASIC, 33, 48, 'mac', { nxm: [NXM1, 25] }),
  tcp_src: small(BASIC, 13, 16, 'decimal', { text: 'tp_src', protocol: TCP, nxm: [NXM0, 9] }),
  tcp_dst: small(BASIC, 14, 16, 'decimal', { text: 'tp_dst', protocol: TCP, nxm: [NXM0, 10] }),
  udp_src: small(BASIC, 15, 16, 'decimal', { text: 'tp_src', protocol: UDP, nxm: [NXM0, 11] }),
  udp_dst: small(BASIC, 16, 16, 'decimal', { text: 'tp_dst', protocol: UDP, nxm: [NXM0, 12] }),
  sctp_src: small(BASIC, 17, 16, 'decimal', { text: 'tp_src', protocol: SCTP }),
  sctp_dst: small(BASIC, 18, 16, 'decimal', { text: 'tp_dst', protocol: SCTP }),
  tcp_flags: small(BASIC, 42, 12, 'flags', { nxm: [NXM1, 34] }),
} as const satisfies Record<string, Row>

export type FieldName = keyof typeof FIELDS
export type FieldRow = Row

type ValueOf<Name extends FieldName> = (typeof FIELDS)[Name] extends Row<'number'> ? number : bigint

/** A field with its value, and a mask where not every bit of it counts. */
export type KnownField = {
  [Name in FieldName]: { readonly field: Name; readonly value: ValueOf<Name>; readonly mask?: ValueOf<Name> }
}[FieldName]

/** A field that has no row: kept as it came, and written so. With class 0xffff, `experimenter` stands before the body. */
export interface UnknownField {
  readonly field: 'unknown'
  readonly class: number
  readonly type: number
  readonly hasMask: boolean
  readonly experimenter?: number
  readonly body: Uint8Array
}

export type OxmField = KnownField | UnknownField
export type Match = readonly OxmField[]

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[]

const positions = new Map(FIELD_NAMES.map((name, index) => [name, index]))

/** A field's place in the order of printing; unknown ones come last. */
export const position = (field: OxmField): number =>
  field.field === 'unknown' ? positions.size : (positions.get(field.field) ?? 0)

const byCode = new Map(FIELD_NAMES.map((name) => [key(FIELDS[name].class, FIELDS[name].code), name]))

/** The field with this class and number, if it has a row. */
export const fieldByCode = (cls: number, code: number): FieldName | undefined => byCode.get(key(cls, code))

function key(cls: number, code: number): number {
  return cls * 128 + code
}

/** A mask of all the bits that a field has. */
export const allOnes = (name: FieldName): number | bigint => ones[name]

const ones = Object.fromEntries(
  FIELD_NAMES.map((name) => {
    const { limit } = FIELDS[name]
    return [name, typeof limit === 'number' ? limit - 1 : limit - 1n]
  }),
) as Readonly<Record<FieldName, number | bigint>>

/** A field of the name with a value that is known to be of its type: the union cannot follow that through a variable. */
export function known(field: FieldName, value: number | bigint, mask?: number | bigint): KnownField {
  return (mask === undefined ? { field, value } : { field, value, mask }) as KnownField
}
