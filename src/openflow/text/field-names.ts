/** Names of fields in the text of ovs-ofctl(8). */
import { FIELD_NAMES, FIELDS, type FieldName } from '../match/match-fields.ts'

/** Names of ovs-fields(7) that differ from ours. */
const OVS_NAMES: Partial<Record<FieldName, string>> = {
  ipv4_src: 'ip_src',
  ipv4_dst: 'ip_dst',
  ip_proto: 'nw_proto',
  ip_ecn: 'nw_ecn',
  in_port: 'in_port_oxm',
  nxm_in_port: 'in_port',
  nxm_ip_tos: 'nw_tos',
}

/** The name of a field in an action. */
export const actionName = (name: FieldName): string => OVS_NAMES[name] ?? name

/** The name of the header of a field, as `move` and `load` use it. */
export function nxmName(name: FieldName): string {
  if (name.startsWith('nsh_')) return `NXOXM_${name.toUpperCase()}`
  if (/^tun_(erspan|gtpu)_/.test(name)) return `NXOXM_ET_${name.slice(4).toUpperCase()}`
  if (/^nd_(reserved|options_type)$/.test(name)) return `ERICOXM_OF_ICMPV6_${name.toUpperCase()}`
  const prefix = OXM_OF.test(name) ? 'OXM_OF' : NXM_OF.test(name) ? 'NXM_OF' : 'NXM_NX'
  return NXM_NAMES[name] ?? `${prefix}_${name.toUpperCase()}`
}

/** The word for a field without a name: `oxm(…)`. */
export const UNKNOWN = 'oxm'

const ALIASES: Readonly<Record<string, FieldName>> = {
  tunnel_id: 'tun_id',
  nsp: 'nsh_spi',
  nsi: 'nsh_si',
  nshc1: 'nsh_c1',
  nshc2: 'nsh_c2',
  nshc3: 'nsh_c3',
  nshc4: 'nsh_c4',
}

const OXM_OF =
  /^(metadata|in_port|in_phy_port|vlan_vid|vlan_pcp|ip_dscp|mpls_(label|tc|bos)|sctp_.*|packet_type|pbb_.*|ipv6_exthdr)$/
const NXM_OF = /^(eth_.*|vlan_tci|ip_proto|arp_(op|spa|tpa)|icmp_.*|(tcp|udp)_(src|dst))$/
const NXM_NAMES: Partial<Record<FieldName, string>> = {
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((x) => [`xreg${x}`, `OXM_OF_PKT_REG${x}`])),
  actset_output: 'ONFOXM_ET_ACTSET_OUTPUT',
  ipv4_src: 'NXM_OF_IP_SRC',
  ipv4_dst: 'NXM_OF_IP_DST',
  nxm_in_port: 'NXM_OF_IN_PORT',
  nxm_ip_tos: 'NXM_OF_IP_TOS',
  nw_ttl: 'NXM_NX_IP_TTL',
  tun_src: 'NXM_NX_TUN_IPV4_SRC',
  tun_dst: 'NXM_NX_TUN_IPV4_DST',
}

const byName = new Map<string, FieldName>()
for (const name of FIELD_NAMES) {
  const { text } = FIELDS[name] as { text?: string }
  // `tp_src` and `icmp_type` stand for several fields. The parser of matches knows for which.
  if (text && !byName.has(text)) byName.set(text, name)
}
for (const name of FIELD_NAMES) {
  byName.set(`oxm_of_${name}`, name).set(nxmName(name).toLowerCase(), name)
  if (!byName.has(actionName(name))) byName.set(actionName(name), name)
}
for (const name of FIELD_NAMES) byName.set(name, name)
for (const [alias, name] of Object.entries(ALIASES)) byName.set(alias, name)

/** The field with this name, or another of its names, in a match. */
export const fieldNamed = (name: string): FieldName | undefined => byName.get(name.toLowerCase())

const inActions = new Map(FIELD_NAMES.map((name) => [actionName(name), name]))

/** The field with this name, or another of its names, in an action. There, `in_port` and `nw_tos` have other widths. */
export const actionField = (name: string): FieldName | undefined =>
  inActions.get(name.toLowerCase()) ?? fieldNamed(name)
