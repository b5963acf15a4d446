/** Text of actions on packet headers: `encap`, `decap`, MPLS, VLAN, tunnel keys, time to live (ovs-actions(7)). */
import type { Action, StandardAction } from '../actions/actions.ts'
import type { EncapProperty, PacketAction } from '../actions/header-actions.ts'
import { hex, hexDigits } from './field-values.ts'
import { bad, bigInteger, integer, list, octets, words } from './numbers.ts'
import { keyValues, printOctets, refuseOthers } from './octets.ts'
import { splitCommas } from './split-words.ts'
import type { Parsers, Printers } from './text-row.ts'

type Tagged = 'push_vlan' | 'push_mpls' | 'pop_mpls' | 'push_pbb'
type Plain = 'pop_vlan' | 'pop_pbb' | 'copy_ttl_out' | 'copy_ttl_in' | 'dec_ttl' | 'dec_mpls_ttl'

/** Packet types for which `encap` has a word. */
const PACKET_TYPES: ReadonlyArray<readonly [word: string, type: number]> = [
  ['ethernet', 0],
  ['mpls', 0x18847],
  ['mpls_mc', 0x18848],
  ['nsh', 0x1894f],
]
/** The type is determined from the packet (namespace 0, type 0xfffe). */
const ANY_TYPE = 0xfffe

const printTagged = (action: Extract<StandardAction, { type: Tagged }>): string =>
  `${action.type}:${hexDigits(action.ethertype, 4)}`
const printPlain = ({ type }: { readonly type: string }): string => type

function printProperty(property: EncapProperty): string {
  if (property.type === 'nsh_md_type') return `md_type=${property.mdType}`
  if (property.type === 'nsh_tlv') {
    return `tlv(${hexDigits(property.class, 4)},${property.code},0x${printOctets(property.data)})`
  }
  return `unknown(${property.class},${property.code},${printOctets(property.body)})`
}

function printEncap({ packetType, headerSize, properties }: Extract<PacketAction, { type: 'encap' }>): string {
  const name = PACKET_TYPES.find(([, type]) => type === packetType)?.[0] ?? hexDigits(packetType, 1)
  const parts = [...(headerSize ? [`size=${headerSize}`] : []), ...properties.map(printProperty)]
  return `encap(${name}${parts.length === 0 ? '' : `(${parts.join(',')})`})`
}

function parseProperty(text: string): EncapProperty {
  if (text.startsWith('md_type=')) return { type: 'nsh_md_type', mdType: integer(text.slice(8), 0xff) }
  const found = /^(tlv|unknown)\((.*)\)$/.exec(text)
  const [cls = '', code = '', data = ''] = words(found?.[2] ?? '', 3)
  const head = { class: integer(cls, 0xffff), code: integer(code, 0xff) }
  if (found?.[1] === 'unknown') return { type: 'unknown', ...head, body: octets(data) }
  if (!data.startsWith('0x')) throw bad(text, 'expected octets after 0x')
  return { type: 'nsh_tlv', ...head, data: octets(data.slice(2)) }
}

function parseEncap(text: string): PacketAction {
  const found = /^(\w+)(?:\((.*)\))?$/s.exec(text)
  if (!found) throw bad(text, 'expected a type of packet')
  const [, word = '', inner = ''] = found
  const parts = splitCommas(inner)
  const size = parts[0]?.startsWith('size=') ? integer(parts[0].slice(5), 0xffff) : 0
  const named = PACKET_TYPES.find(([name]) => name === word)
  return {
    type: 'encap',
    packetType: named ? named[1] : integer(word),
    ...(size === 0 ? {} : { headerSize: size }),
    properties: (parts[0]?.startsWith('size=') ? parts.slice(1) : parts).map(parseProperty),
  }
}

function parseDecap(text: string): PacketAction {
  if (text === '') return { type: 'decap', packetType: ANY_TYPE }
  const found = /^packet_type\((.*)\)$/.exec(text)
  if (!found) throw bad(text, 'expected packet_type(ns=…,type=…)')
  const named = keyValues(splitCommas(found[1] ?? ''))
  refuseOthers(named.keys(), ['ns', 'type'], text)
  const [namespace, type] = [integer(named.get('ns') ?? '', 0xffff), integer(named.get('type') ?? '', 0xffff)]
  return { type: 'decap', packetType: namespace * 0x1_0000 + type }
}

export const PACKET_PRINTERS: Printers<PacketAction['type'] | Tagged | Plain | 'set_ttl' | 'set_mpls_ttl'> = {
  push_vlan: printTagged,
  push_mpls: printTagged,
  pop_mpls: printTagged,
  push_pbb: printTagged,
  pop_vlan: printPlain,
  pop_pbb: printPlain,
  copy_ttl_out: printPlain,
  copy_ttl_in: printPlain,
  dec_ttl: printPlain,
  dec_mpls_ttl: printPlain,
  dec_nsh_ttl: printPlain,
  set_ttl: ({ ttl }) => `mod_nw_ttl:${ttl}`,
  set_mpls_ttl: ({ ttl }) => `set_mpls_ttl(${ttl})`,
  // Printed as set_field, as a switch shows them since OpenFlow 1.2.
  set_mpls_label: ({ label }) => `set_field:${label}->mpls_label`,
  set_mpls_tc: ({ tc }) => `set_field:${tc}->mpls_tc`,
  set_tunnel: ({ id }) => `set_field:${hex(id)}->tun_id`,
  set_tunnel64: ({ id }) => `set_field:${hex(id)}->tun_id`,
  dec_ttl_cnt_ids: ({ ids }) => `dec_ttl(${ids.join(',')})`,
  encap: printEncap,
  decap: ({ packetType }) =>
    packetType === ANY_TYPE
      ? 'decap()'
      : `decap(packet_type(ns=${packetType >>> 16},type=${hex(packetType & 0xffff)}))`,
}

const tagged = (type: Tagged): Parsers[number] => [type, (text) => ({ type, ethertype: integer(text, 0xffff) })]
const plain = (type: Plain | 'dec_nsh_ttl', word: string = type): Parsers[number] => [
  word,
  (text) => {
    if (text !== '') throw bad(text, `${word} takes no arguments`)
    return { type }
  },
]

/** Nicira's actions with these names are older than the field. */
const setTunnel = (text: string): Action => ({ type: 'set_field', field: 'tun_id', value: bigInteger(text) })
const setTtl = (text: string): Action => ({ type: 'set_ttl', ttl: integer(text, 0xff) })

/** Parses `dec_ttl(1,2)`: the controllers that get packets whose time to live has ended. */
function decTtlFor(text: string): Action {
  const ids = list(text).map((id) => integer(id, 0xffff))
  if (ids.length === 0) throw bad(`dec_ttl(${text})`, 'expected the number of a controller')
  return { type: 'dec_ttl_cnt_ids', ids }
}

export const PACKET_PARSERS: Parsers = [
  tagged('push_vlan'),
  tagged('push_mpls'),
  tagged('pop_mpls'),
  tagged('push_pbb'),
  plain('pop_vlan'),
  plain('pop_vlan', 'strip_vlan'),
  plain('pop_pbb'),
  plain('copy_ttl_in'),
  plain('copy_ttl_out'),
  plain('dec_mpls_ttl'),
  plain('dec_nsh_ttl'),
  ['dec_ttl', (text) => (text === '' ? { type: 'dec_ttl' } : decTtlFor(text))],
  ['mod_nw_ttl', setTtl],
  ['set_nw_ttl', setTtl],
  ['set_mpls_ttl', (text) => ({ type: 'set_mpls_ttl', ttl: integer(text, 0xff) })],
  // Nicira's actions with these names are for OpenFlow 1.0 only.
  ['set_mpls_label', (text) => ({ type: 'set_field', field: 'mpls_label', value: integer(text, 0xfffff) })],
  ['set_mpls_tc', (text) => ({ type: 'set_field', field: 'mpls_tc', value: integer(text, 7) })],
  ['set_tunnel', setTunnel],
  ['set_tunnel64', setTunnel],
  ['encap', parseEncap],
  ['decap', parseDecap],
]
