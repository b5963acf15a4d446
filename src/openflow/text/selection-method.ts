/** Text of the selection method of a `select` group: `selection_method=hash,fields(ip_dst,tcp_dst)` (ovs-ofctl(8)). */

import { fieldByExperimenter, fieldByWord } from '../match/field-headers.ts'
import type { FieldName, FieldRow, Match, OxmField, UnknownField } from '../match/match-fields.ts'
import { allOnes, FIELDS, known, position } from '../match/match-fields.ts'
import type { GroupProperty } from '../messages/group-messages.ts'
import { actionField, actionName } from './field-names.ts'
import { parseValue, printValue } from './field-values.ts'
import { bad, bigInteger } from './numbers.ts'
import { splitCommas } from './split-words.ts'

export type Selection = Extract<GroupProperty, { type: 'selection_method' }>

const MAX_METHOD_CHARACTERS = 15

/**
 * Prefixes of field names, in the order of the fields in Open vSwitch. Fields with the same prefix have the order of a
 * match.
 */
const ORDER: readonly string[] = [
  ...['dp_hash', 'recirc_id', 'packet_type', 'conj_id'],
  ...['tun_id', 'tun_src', 'tun_dst', 'tun_ipv6', 'tun_flags', 'tun_gbp', 'tun_erspan_idx', 'tun_erspan'],
  ...['tun_gtpu', 'tun_metadata', 'metadata', 'nxm_in_port', 'in_port', 'actset_output', 'pkt_mark'],
  ...['ct_state', 'ct_zone', 'ct_mark', 'ct_label', 'ct_nw_proto', 'ct_nw_src', 'ct_nw_dst', 'ct_ipv6', 'ct_tp'],
  ...['reg', 'xreg', 'xxreg', 'eth', 'vlan', 'mpls_label', 'mpls_tc', 'mpls_bos', 'mpls_ttl'],
  ...['ipv4', 'ipv6', 'ip_proto', 'nxm_ip_tos', 'ip_dscp', 'ip_ecn', 'nw_ttl', 'ip_frag'],
  ...['arp_op', 'arp_spa', 'arp_tpa', 'arp_sha', 'arp_tha', 'tcp', 'udp', 'sctp', 'icmp_', 'icmpv6', 'nd_'],
  ...['nsh_flags', 'nsh_mdtype', 'nsh_np', 'nsh_spi', 'nsh_si', 'nsh_c', 'nsh_ttl'],
]

const rank = (name: FieldName): number => ORDER.findIndex((start) => name.startsWith(start))
const row = (name: FieldName): FieldRow => FIELDS[name]

/**
 * The name of a field. Here all bits of its octets count, even unused ones, so the decoder may have kept it as unknown.
 */
function nameOf({ class: cls, type, experimenter }: UnknownField): FieldName | undefined {
  const word = (cls << 16) | (type << 9)
  return (experimenter === undefined ? fieldByWord(word) : fieldByExperimenter(experimenter, word))?.field
}

/** A mask of all bits of all octets, as in Open vSwitch. */
function whole(name: FieldName): OxmField {
  const { class: cls, code, size, isNarrow, variable, experimenter } = row(name)
  if (!isNarrow || variable) return known(name, allOnes(name))
  const body = new Uint8Array(size).fill(0xff)
  return { field: 'unknown', class: cls, type: code, hasMask: false, ...(experimenter ? { experimenter } : {}), body }
}

function printField(field: OxmField): string {
  if (field.field !== 'unknown') {
    const name = actionName(field.field)
    return field.value === allOnes(field.field) ? name : `${name}=${printValue(field.field, field.value, undefined)}`
  }
  const name = nameOf(field)
  if (name === undefined || !field.body.every((octet) => octet === 0xff))
    throw bad(`field ${field.type}`, 'the field has no name')
  return actionName(name)
}

export function printSelection({ method, parameter, fields }: Selection): string[] {
  const names = fields.map(printField)
  return [
    `selection_method=${method}`,
    ...(parameter === 0n ? [] : [`selection_method_param=${parameter}`]),
    ...(names.length === 1 ? [`fields=${names[0]}`] : names.length === 0 ? [] : [`fields(${names.join(',')})`]),
  ]
}

/** @param named the words of the group before its buckets */
export function parseSelection(named: ReadonlyMap<string, string>): Selection[] {
  const method = named.get('selection_method') ?? ''
  if (method.length > MAX_METHOD_CHARACTERS) throw bad(method, `${MAX_METHOD_CHARACTERS} characters are the maximum`)
  if (method === '') {
    if (named.has('fields') || named.has('selection_method_param')) throw bad('fields', 'selection_method= is missing')
    return []
  }
  const parameter = bigInteger(named.get('selection_method_param') ?? '0')
  return [{ type: 'selection_method', method, parameter, fields: parseFields(named.get('fields') ?? '') }]
}

function parseFields(text: string): Match {
  const fields = splitCommas(text).map(parseField)
  return fields.toSorted((a, b) => rank(a.name) - rank(b.name) || a.place - b.place).map(({ field }) => field)
}

function parseField(text: string): { readonly name: FieldName; readonly place: number; readonly field: OxmField } {
  const [word = '', value, ...more] = text.split('=')
  const name = actionField(word)
  if (!name || more.length > 0) throw bad(text, 'expected a field, or a field and its bits')
  const place = position(known(name, 0))
  if (value === undefined) return { name, place, field: whole(name) }
  const field = parseValue(name, value)
  if (field.mask !== undefined) throw bad(text, 'the value itself is the mask')
  return { name, place, field }
}
