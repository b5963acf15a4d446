/**
 * Actions of Nicira on packet headers: push, pop, change (ovs-actions(7), "Encapsulation", "Metadata", "Other
 * Actions").
 */

import type { Reader, Writer } from '../wire/cursor.ts'
import { checkList } from '../wire/openflow-error.ts'
import { given, type Row, type Rows } from './nicira-row.ts'

/** A property of a pushed header (ofp_ed_prop_header). Class 4 is NSH. */
export type EncapProperty =
  | { readonly type: 'nsh_md_type'; readonly mdType: number }
  | { readonly type: 'nsh_tlv'; readonly class: number; readonly code: number; readonly data: Uint8Array }
  | { readonly type: 'unknown'; readonly class: number; readonly code: number; readonly body: Uint8Array }

export type PacketAction =
  /** Pushes a header. `packetType` has the namespace in the upper 16 bits and the type in the lower ones. */
  | {
      readonly type: 'encap'
      readonly packetType: number
      readonly headerSize?: number
      readonly properties: readonly EncapProperty[]
    }
  /** Pops the outermost header. The packet then has this type. */
  | { readonly type: 'decap'; readonly packetType: number }
  | { readonly type: 'dec_nsh_ttl' }
  | { readonly type: 'set_mpls_label'; readonly label: number }
  | { readonly type: 'set_mpls_tc'; readonly tc: number }
  /** Sets a tunnel key of 32 bits. */
  | { readonly type: 'set_tunnel'; readonly id: number }
  | { readonly type: 'set_tunnel64'; readonly id: bigint }
  /** Like dec_ttl, but sends packets whose time to live has ended to these controllers. */
  | { readonly type: 'dec_ttl_cnt_ids'; readonly ids: readonly number[] }

const [NSH_CLASS, MD_TYPE, TLV] = [4, 1, 2]

/** The length of a TLV includes the padding of its data. */
const padded = (length: number): number => (length + 7) & ~7

/** class 16 bits, type 8, length 8 including this header, body; padding to a multiple of 8. */
function writeProperty(w: Writer, property: EncapProperty): void {
  const start = w.length
  if (property.type === 'nsh_md_type') {
    w.u16(NSH_CLASS).u8(MD_TYPE).u8(5).u8(property.mdType, 'mdType')
  } else if (property.type === 'nsh_tlv') {
    const { class: cls, code, data } = property
    w.u16(NSH_CLASS)
      .u8(TLV)
      .u8(8 + padded(data.length), 'length of a property')
    w.u16(cls, 'class').u8(code, 'code').u8(data.length).bytes(data)
  } else {
    const { class: cls, code, body } = property
    w.u16(cls, 'class')
      .u8(code, 'code')
      .u8(4 + body.length, 'length of a property')
      .bytes(body)
  }
  w.align8(start)
}

/** @returns undefined if the length is not valid */
function readProperty(r: Reader): EncapProperty | undefined {
  const start = r.offset
  const [cls, code, length] = [r.u16(), r.u8(), r.u8()]
  if (length < 4 || length - 4 > r.left) return undefined
  const body = r.bytes(length - 4)
  r.align8(start)
  const known = cls === NSH_CLASS ? nshProperty(code, body) : undefined
  return known ?? { type: 'unknown', class: cls, code, body }
}

function nshProperty(code: number, body: Uint8Array): EncapProperty | undefined {
  const [first = 0, second = 0, type = 0, length = 0] = body
  if (code === MD_TYPE && body.length === 1) return { type: 'nsh_md_type', mdType: first }
  if (code !== TLV || body.length !== 4 + padded(length)) return undefined
  return { type: 'nsh_tlv', class: first * 256 + second, code: type, data: body.slice(4, 4 + length) }
}

const plain = <Type extends 'dec_nsh_ttl'>(subtype: number, type: Type): Row<{ readonly type: Type }> => ({
  subtypes: [subtype],
  write: (w) => void w.u16(subtype).zeros(6),
  read: () => ({ type }),
})

export const PACKET_ROWS: Rows<PacketAction> = {
  // nx_action_encap: hdr_size 16 bits, new_pkt_type 32, properties.
  encap: {
    subtypes: [46],
    write(w, { packetType, headerSize = 0, properties }) {
      checkList('properties', properties)
      w.u16(46).u16(headerSize, 'headerSize').u32(packetType, 'packetType')
      for (const property of properties) writeProperty(w, property)
    },
    read(r) {
      const headerSize = r.u16()
      const packetType = r.u32()
      const properties: EncapProperty[] = []
      while (r.left > 0) {
        const property = r.left < 4 ? undefined : readProperty(r)
        if (!property) return undefined
        properties.push(property)
      }
      return { type: 'encap', packetType, ...given('headerSize', headerSize || undefined), properties }
    },
  },
  // nx_action_decap: padding 16 bits, new_pkt_type 32.
  decap: {
    subtypes: [47],
    write: (w, { packetType }) => void w.u16(47).zeros(2).u32(packetType, 'packetType'),
    read: (r) => ({ type: 'decap', packetType: r.skip(2).u32() }),
  },
  dec_nsh_ttl: plain(48, 'dec_nsh_ttl'),
  set_mpls_label: {
    subtypes: [30],
    write: (w, { label }) => void w.u16(30).zeros(2).u32(label, 'label'),
    read: (r) => ({ type: 'set_mpls_label', label: r.skip(2).u32() }),
  },
  set_mpls_tc: {
    subtypes: [31],
    write: (w, { tc }) => void w.u16(31).u8(tc, 'tc').zeros(5),
    read: (r) => ({ type: 'set_mpls_tc', tc: r.u8() }),
  },
  set_tunnel: {
    subtypes: [2],
    write: (w, { id }) => void w.u16(2).zeros(2).u32(id, 'id'),
    read: (r) => ({ type: 'set_tunnel', id: r.skip(2).u32() }),
  },
  set_tunnel64: {
    subtypes: [9],
    write: (w, { id }) => void w.u16(9).zeros(6).u64(id, 'id'),
    read: (r) => ({ type: 'set_tunnel64', id: r.skip(6).u64() }),
  },
  // nx_action_cnt_ids: number of controllers 16 bits, padding 32, their ids of 16 bits each.
  dec_ttl_cnt_ids: {
    subtypes: [21],
    write(w, { ids }) {
      checkList('ids', ids)
      w.u16(21).u16(ids.length, 'number of controllers').zeros(4)
      for (const id of ids) w.u16(id, 'controllerId')
    },
    read(r) {
      const count = r.u16()
      // Without any controller the action would have no text.
      if (count === 0 || r.left < 4 + 2 * count) return undefined
      r.skip(4)
      return { type: 'dec_ttl_cnt_ids', ids: Array.from({ length: count }, () => r.u16()) }
    },
  },
}
