/** The shape of a row in the table of match fields, and short ways to write one. */

/** OXM classes (OpenFlow 1.5.1, 7.2.3.3), and the classes of ovs-fields(7). */
export const [NXM0, NXM1, ERICSSON, BASIC, PACKET_REGS] = [0, 1, 0x1000, 0x8000, 0x8001] as const

/** How a value is written in the text of a match. */
export type Format =
  /** A decimal number, or hexadecimal if there is a mask. */
  | 'decimal'
  | 'hex'
  /** Hexadecimal, with a prefix even for zero. */
  | 'word'
  | 'mac'
  | 'ipv4'
  | 'ipv6'
  /** The name of a reserved port, or a number. */
  | 'port'
  /** DSCP, written shifted left by the two bits of ECN. */
  | 'tos'
  | 'frag'
  /** Names of bits: `ct_state`, `tcp_flags`, `tun_flags`. */
  | 'flags'
  | 'packet_type'
  | 'label'
  /** Two hexadecimal digits if there is a mask. */
  | 'octet'

/** The prerequisite that a match must contain for the field to have a meaning (OpenFlow 1.5.1, 7.2.3.6). */
export type Need =
  | 'vlan'
  | 'ip'
  | 'ipv4'
  | 'ipv6'
  | 'arp'
  | 'mpls'
  | 'pbb'
  | 'nsh'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'icmpv6'
  | 'nd'
  | 'nd_solicit'
  | 'nd_advert'

/**
 * The kinds of header that a field may have: that of OpenFlow, the older one of Nicira's extensions, or that of ONF's
 * extensions.
 */
export type HeaderKind = 'oxm' | 'nxm' | 'onf'

export interface Row<Width extends 'number' | 'bigint' = 'number' | 'bigint'> {
  readonly class: number
  readonly code: number
  /** Only with class 0xffff. */
  readonly experimenter?: number
  /** Octets of a value on the wire; the maximum if the field is `variable`. */
  readonly size: number
  /** The number of bits that are used. */
  readonly bits: number
  /** The smallest value that is too large. */
  readonly limit: number | bigint
  /** Whether the octets of the field can hold values that are too large. */
  readonly isNarrow: boolean
  readonly width: Width
  readonly format: Format
  /** The name in the text of a match, if it differs from the name of the field. */
  readonly text?: string
  /** The IP protocol that the field belongs to. */
  readonly protocol?: number
  readonly needs?: Need
  /** The number of bits that actions can address, if it differs from the number of bits in a match. */
  readonly part?: number
  /** Class and code of the older header that Nicira's extensions have for the field. The size is the same. */
  readonly nxm?: readonly [cls: number, code: number]
  /** Up to OpenFlow 1.4 the field is an experimenter field of ONF with the same number. */
  readonly onf?: true
  /** The field takes no mask (7.2.3.7; ovs-fields(7)). */
  readonly whole?: true
  /** The number of octets depends on the switch's table of tunnel options. */
  readonly variable?: true
}

type More = Pick<Row, 'text' | 'protocol' | 'part' | 'nxm' | 'onf' | 'experimenter' | 'needs' | 'whole'> & {
  readonly size?: number
}

/** A field of up to 48 bits. Its values are numbers. */
export const small = (cls: number, code: number, bits: number, format: Format, more: More = {}): Row<'number'> => {
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

/** A field of more than 48 bits. Its values are bigints. */
export const wide = (cls: number, code: number, bits: 64 | 128, format: Format, more: More = {}): Row<'bigint'> => ({
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

/** A field of variable size, up to 124 octets. */
export const variable = (cls: number, code: number): Row<'bigint'> => ({
  class: cls,
  code,
  size: 124,
  bits: 992,
  limit: 1n << 992n,
  isNarrow: true,
  width: 'bigint',
  format: 'hex',
  variable: true,
})

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9
export type MetadataName =
  | `tun_metadata${Digit}`
  | `tun_metadata${1 | 2 | 3 | 4 | 5}${Digit}`
  | `tun_metadata6${0 | 1 | 2 | 3}`

/** `tun_metadata0` to `tun_metadata63`: options of a tunnel header. */
export const metadata = Object.fromEntries(
  Array.from({ length: 64 }, (_, index) => [`tun_metadata${index}`, variable(NXM1, 40 + index)]),
) as Readonly<Record<MetadataName, Row<'bigint'>>>
