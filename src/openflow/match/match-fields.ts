/**
 * Match fields: one row per field, used by the encoder, the decoder, the printer and the parser. Names, order and text
 * form are those of ovs-fields(7) and ovs-ofctl. The file has over 200 lines because it is a table.
 */

import { EXPERIMENTER, NICIRA, NSH } from '../wire/experimenters.ts'
import {
  BASIC,
  ERICSSON,
  type HeaderKind,
  type MetadataName,
  metadata,
  NXM0,
  NXM1,
  PACKET_REGS,
  type Row,
  small,
  wide,
} from './field-row.ts'

export const ICMP = 1
export const TCP = 6
export const UDP = 17
export const ICMPV6 = 58
export const SCTP = 132

/**
 * Everything that is known about each field, by name, in the order in which `ovs-ofctl` prints the fields. For example,
 * `FIELDS.tcp_dst.bits` is 16.
 */
export const FIELDS = {
  pkt_mark: small(NXM1, 33, 32, 'hex'),
  recirc_id: small(NXM1, 36, 32, 'hex', { whole: true }),
  dp_hash: small(NXM1, 35, 32, 'hex'),
  conj_id: small(NXM1, 37, 32, 'decimal', { whole: true }),
  actset_output: small(BASIC, 43, 32, 'port', { onf: true, whole: true }),
  ct_state: small(NXM1, 105, 8, 'flags', { size: 4, part: 32 }),
  ct_zone: small(NXM1, 106, 16, 'decimal', { whole: true }),
  ct_mark: small(NXM1, 107, 32, 'hex'),
  ct_label: wide(NXM1, 108, 128, 'hex'),
  ct_nw_src: small(NXM1, 120, 32, 'ipv4'),
  ct_ipv6_src: wide(NXM1, 122, 128, 'ipv6'),
  ct_nw_dst: small(NXM1, 121, 32, 'ipv4'),
  ct_ipv6_dst: wide(NXM1, 123, 128, 'ipv6'),
  ct_nw_proto: small(NXM1, 119, 8, 'decimal', { whole: true }),
  ct_tp_src: small(NXM1, 124, 16, 'decimal'),
  ct_tp_dst: small(NXM1, 125, 16, 'decimal'),
  packet_type: small(BASIC, 44, 32, 'packet_type', { whole: true }),
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
  tun_erspan_ver: small(EXPERIMENTER, 12, 4, 'decimal', { experimenter: NICIRA }),
  tun_erspan_idx: small(EXPERIMENTER, 11, 20, 'hex', { experimenter: NICIRA, size: 4 }),
  tun_erspan_dir: small(EXPERIMENTER, 13, 1, 'decimal', { experimenter: NICIRA }),
  tun_erspan_hwid: small(EXPERIMENTER, 14, 6, 'hex', { experimenter: NICIRA }),
  tun_gtpu_flags: small(EXPERIMENTER, 15, 8, 'hex', { experimenter: NICIRA, text: 'gtpu_flags' }),
  tun_gtpu_msgtype: small(EXPERIMENTER, 16, 8, 'decimal', { experimenter: NICIRA, text: 'gtpu_msgtype' }),
  tun_flags: small(NXM1, 104, 1, 'flags', { size: 2 }),
  ...metadata,
  metadata: wide(BASIC, 2, 64, 'hex'),
  in_port: small(BASIC, 0, 32, 'port', { whole: true }),
  nxm_in_port: small(NXM0, 0, 16, 'port', { whole: true }),
  in_phy_port: small(BASIC, 1, 32, 'port', { whole: true }),
  vlan_tci: small(NXM0, 4, 16, 'hex'),
  vlan_vid: small(BASIC, 6, 13, 'decimal', { part: 12 }),
  vlan_pcp: small(BASIC, 7, 3, 'decimal', { needs: 'vlan', text: 'dl_vlan_pcp', whole: true }),
  eth_src: small(BASIC, 4, 48, 'mac', { text: 'dl_src', nxm: [NXM0, 2] }),
  eth_dst: small(BASIC, 3, 48, 'mac', { text: 'dl_dst', nxm: [NXM0, 1] }),
  eth_type: small(BASIC, 5, 16, 'hex', { text: 'dl_type', nxm: [NXM0, 3], whole: true }),
  ipv6_src: wide(BASIC, 26, 128, 'ipv6', { needs: 'ipv6', nxm: [NXM1, 19] }),
  ipv6_dst: wide(BASIC, 27, 128, 'ipv6', { needs: 'ipv6', nxm: [NXM1, 20] }),
  ipv6_label: small(BASIC, 28, 20, 'label', { needs: 'ipv6', size: 4, nxm: [NXM1, 27] }),
  ipv6_exthdr: small(BASIC, 39, 9, 'hex', { needs: 'ipv6' }),
  ipv4_src: small(BASIC, 11, 32, 'ipv4', { needs: 'ipv4', text: 'nw_src', nxm: [NXM0, 7] }),
  ipv4_dst: small(BASIC, 12, 32, 'ipv4', { needs: 'ipv4', text: 'nw_dst', nxm: [NXM0, 8] }),
  arp_spa: small(BASIC, 22, 32, 'ipv4', { needs: 'arp', nxm: [NXM0, 16] }),
  arp_tpa: small(BASIC, 23, 32, 'ipv4', { needs: 'arp', nxm: [NXM0, 17] }),
  ip_proto: small(BASIC, 10, 8, 'decimal', { needs: 'ip', text: 'nw_proto', nxm: [NXM0, 6], whole: true }),
  arp_op: small(BASIC, 21, 16, 'decimal', { needs: 'arp', nxm: [NXM0, 15], whole: true }),
  arp_sha: small(BASIC, 24, 48, 'mac', { needs: 'arp', nxm: [NXM1, 17] }),
  arp_tha: small(BASIC, 25, 48, 'mac', { needs: 'arp', nxm: [NXM1, 18] }),
  ip_dscp: small(BASIC, 8, 6, 'tos', { needs: 'ip', text: 'nw_tos', whole: true }),
  nxm_ip_tos: small(NXM0, 5, 8, 'decimal', { needs: 'ip', whole: true }),
  ip_ecn: small(BASIC, 9, 2, 'decimal', { needs: 'ip', text: 'nw_ecn', nxm: [NXM1, 28], whole: true }),
  nw_ttl: small(NXM1, 29, 8, 'decimal', { needs: 'ip', whole: true }),
  mpls_label: small(BASIC, 34, 20, 'decimal', { needs: 'mpls', size: 4, whole: true }),
  mpls_tc: small(BASIC, 35, 3, 'decimal', { needs: 'mpls', whole: true }),
  mpls_ttl: small(NXM1, 30, 8, 'decimal', { needs: 'mpls', whole: true }),
  mpls_bos: small(BASIC, 36, 1, 'decimal', { needs: 'mpls', whole: true }),
  nsh_flags: small(EXPERIMENTER, 1, 8, 'octet', { needs: 'nsh', experimenter: NSH }),
  nsh_ttl: small(EXPERIMENTER, 10, 8, 'decimal', { needs: 'nsh', experimenter: NSH, whole: true }),
  nsh_mdtype: small(EXPERIMENTER, 2, 8, 'decimal', { needs: 'nsh', experimenter: NSH, whole: true }),
  nsh_np: small(EXPERIMENTER, 3, 8, 'decimal', { needs: 'nsh', experimenter: NSH, whole: true }),
  nsh_spi: small(EXPERIMENTER, 4, 24, 'word', { needs: 'nsh', experimenter: NSH, size: 4, whole: true }),
  nsh_si: small(EXPERIMENTER, 5, 8, 'decimal', { needs: 'nsh', experimenter: NSH, whole: true }),
  nsh_c1: small(EXPERIMENTER, 6, 32, 'word', { needs: 'nsh', experimenter: NSH }),
  nsh_c2: small(EXPERIMENTER, 7, 32, 'word', { needs: 'nsh', experimenter: NSH }),
  nsh_c3: small(EXPERIMENTER, 8, 32, 'word', { needs: 'nsh', experimenter: NSH }),
  nsh_c4: small(EXPERIMENTER, 9, 32, 'word', { needs: 'nsh', experimenter: NSH }),
  pbb_isid: small(BASIC, 37, 24, 'hex', { needs: 'pbb' }),
  pbb_uca: small(BASIC, 41, 1, 'decimal', { needs: 'pbb', whole: true }),
  ip_frag: small(NXM1, 26, 2, 'frag', { needs: 'ip', text: 'nw_frag' }),
  icmp_type: small(BASIC, 19, 8, 'decimal', { needs: 'icmp', protocol: ICMP, nxm: [NXM0, 13], whole: true }),
  icmp_code: small(BASIC, 20, 8, 'decimal', { needs: 'icmp', protocol: ICMP, nxm: [NXM0, 14], whole: true }),
  icmpv6_type: small(BASIC, 29, 8, 'decimal', {
    needs: 'icmpv6',
    text: 'icmp_type',
    protocol: ICMPV6,
    nxm: [NXM1, 21],
    whole: true,
  }),
  icmpv6_code: small(BASIC, 30, 8, 'decimal', {
    needs: 'icmpv6',
    text: 'icmp_code',
    protocol: ICMPV6,
    nxm: [NXM1, 22],
    whole: true,
  }),
  nd_target: wide(BASIC, 31, 128, 'ipv6', { needs: 'nd', nxm: [NXM1, 23] }),
  nd_sll: small(BASIC, 32, 48, 'mac', { needs: 'nd_solicit', nxm: [NXM1, 24] }),
  nd_tll: small(BASIC, 33, 48, 'mac', { needs: 'nd_advert', nxm: [NXM1, 25] }),
  nd_reserved: small(ERICSSON, 1, 32, 'decimal', { needs: 'nd', whole: true }),
  nd_options_type: small(ERICSSON, 2, 8, 'decimal', { needs: 'nd', whole: true }),
  tcp_src: small(BASIC, 13, 16, 'decimal', { needs: 'tcp', text: 'tp_src', protocol: TCP, nxm: [NXM0, 9] }),
  tcp_dst: small(BASIC, 14, 16, 'decimal', { needs: 'tcp', text: 'tp_dst', protocol: TCP, nxm: [NXM0, 10] }),
  udp_src: small(BASIC, 15, 16, 'decimal', { needs: 'udp', text: 'tp_src', protocol: UDP, nxm: [NXM0, 11] }),
  udp_dst: small(BASIC, 16, 16, 'decimal', { needs: 'udp', text: 'tp_dst', protocol: UDP, nxm: [NXM0, 12] }),
  sctp_src: small(BASIC, 17, 16, 'decimal', { needs: 'sctp', text: 'tp_src', protocol: SCTP }),
  sctp_dst: small(BASIC, 18, 16, 'decimal', { needs: 'sctp', text: 'tp_dst', protocol: SCTP }),
  tcp_flags: small(BASIC, 42, 12, 'flags', { needs: 'tcp', nxm: [NXM1, 34], onf: true }),
} as const satisfies Record<string, Row>

/**
 * The names of the known fields. Fields of OpenFlow have the names of the standard, fields of Open vSwitch those of
 * ovs-fields(7).
 */
export type FieldName = keyof typeof FIELDS
export type FieldRow = Row

type ValueOf<Name extends FieldName> = (typeof FIELDS)[Name] extends Row<'number'> ? number : bigint

/** A known field with its value, and a mask if not all bits count. */
export type KnownField = {
  [Name in FieldName]: {
    readonly field: Name
    readonly value: ValueOf<Name>
    readonly mask?: ValueOf<Name>
    /**
     * Set if the field came with a header other than the usual one of its version. It is sent with that header again.
     */
    readonly header?: HeaderKind
  } & (Name extends MetadataName
    ? { /** The number of octets, if it is more than value and mask need. */ readonly size?: number }
    : unknown)
}[FieldName]

/** A field without a row, kept as it came. With class 0xffff, `experimenter` precedes the body. */
export interface UnknownField {
  readonly field: 'unknown'
  readonly class: number
  readonly type: number
  readonly hasMask: boolean
  readonly experimenter?: number
  readonly body: Uint8Array
}

/** A field with its value, known or unknown. */
export type OxmField = KnownField | UnknownField
/**
 * The packets that have all of these values. An empty match is all packets. A field must come after the fields that it
 * requires: `tcp_dst` after `ip_proto`.
 */
export type Match = readonly OxmField[]

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[]

const positions = new Map(FIELD_NAMES.map((name, index) => [name, index]))

/** The position of a field in the order of printing. Unknown fields come last. */
export const position = (field: OxmField): number =>
  field.field === 'unknown' ? positions.size : (positions.get(field.field) ?? 0)

/** The mask of all bits of a field. */
export const allOnes = (name: FieldName): number | bigint => ones[name]

const ones = Object.fromEntries(
  FIELD_NAMES.map((name) => {
    const { limit } = FIELDS[name]
    return [name, typeof limit === 'number' ? limit - 1 : limit - 1n]
  }),
) as Readonly<Record<FieldName, number | bigint>>

/**
 * Makes a field. The caller must ensure that the value has the type of the field, because TypeScript cannot check that
 * for a name in a variable.
 */
export function known(field: FieldName, value: number | bigint, mask?: number | bigint): KnownField {
  return (mask === undefined ? { field, value } : { field, value, mask }) as KnownField
}
