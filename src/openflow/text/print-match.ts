/** Prints matches as ovs-ofctl(8) does. */
import { canonicalMatch } from '../match/canonical-match.ts'
import {
  FIELDS,
  type FieldRow,
  type KnownField,
  known,
  type Match,
  type OxmField,
  position,
  type UnknownField,
} from '../match/match-fields.ts'
import { fieldNamed, nxmName, UNKNOWN } from './field-names.ts'
import { hexDigits, printMatchValue } from './field-values.ts'
import { exact, findWord, PRESENT, sharedField, VID } from './protocols.ts'

/** A word such as `tcp` is printed before the registers. */
const WORD_POSITION = position(known('reg0', 0))

/** Prints a match: `in_port=5,vlan_tci=0x0000/0x1fff`. A match of all packets is an empty string. */
export function printMatch(match: Match): string {
  const fields = canonicalMatch(match)
  const ethType = exact(fields, 'eth_type')
  const protocol = exact(fields, 'ip_proto')
  const [word, , wordProtocol] = findWord(ethType, protocol) ?? []
  const texts: string[] = []
  let spoken = word === undefined
  for (const field of fields) {
    if (!spoken && position(field) >= WORD_POSITION) {
      texts.push(word ?? '')
      spoken = true
    }
    if (word !== undefined && field.field === 'eth_type') continue
    if (wordProtocol !== undefined && field.field === 'ip_proto') continue
    if (field.field === 'vlan_vid') texts.push(...printVlan(field, fields))
    else if (field.field === 'vlan_pcp') texts.push(...printPriority(field, fields))
    else texts.push(printField(field, ethType, protocol))
  }
  return texts.join(',')
}

function printField(field: OxmField, ethType: number | undefined, protocol: number | undefined): string {
  if (field.field === 'unknown') return printUnknown(field)
  const row: FieldRow = FIELDS[field.field]
  const isOfIt = row.protocol === undefined || row.protocol === protocol
  const name = isOfIt ? (row.text ?? field.field) : field.field
  // With this Ethernet type and protocol, the name may mean another field.
  const meant = sharedField(name, ethType, protocol) ?? fieldNamed(name)
  const known = meant === field.field ? name : nxmName(field.field)
  return row.variable && field.mask === 0n ? known : `${known}=${printMatchValue(field)}`
}

type VlanVid = Extract<KnownField, { field: 'vlan_vid' }>
type VlanPcp = Extract<KnownField, { field: 'vlan_pcp' }>

/** How a VLAN tag is printed: as its id, as its priority, or as value and mask of its control information. */
function tagForm({ value, mask = PRESENT | VID }: VlanVid, priority: number | undefined): 'id' | 'priority' | 'tci' {
  const present = (value & mask & PRESENT) !== 0
  if (present && (mask & VID) === VID) return 'id'
  return present && (mask & VID) === 0 && priority !== undefined ? 'priority' : 'tci'
}

function printVlan(vid: VlanVid, fields: Match): string[] {
  const { value, mask = PRESENT | VID } = vid
  const priority = exact(fields, 'vlan_pcp')
  switch (tagForm(vid, priority)) {
    case 'id':
      return [`dl_vlan=${value & VID}`]
    case 'priority':
      return []
    case 'tci': {
      const [tci, bits] = hasOneTci(vid, fields) ? [value | (Number(priority) << 13), mask | 0xe000] : [value, mask]
      return [`vlan_tci=${hexDigits(tci, 4)}/${hexDigits(bits, 4)}`]
    }
  }
}

/** Whether id and priority belong to one tag that is present for certain. */
const hasOneTci = ({ value, mask = PRESENT | VID }: VlanVid, fields: Match): boolean =>
  (value & mask & PRESENT) !== 0 && exact(fields, 'vlan_pcp') !== undefined

function printPriority(field: VlanPcp, fields: Match): string[] {
  const vid = fields.find((one): one is VlanVid => one.field === 'vlan_vid')
  if (!vid || !hasOneTci(vid, fields)) return [`${nxmName('vlan_pcp')}=${printMatchValue(field)}`]
  return tagForm(vid, field.value) === 'tci' ? [] : [`dl_vlan_pcp=${field.value}`]
}

/** Prints an unknown field as `oxm(class,type,mask or -,octets)`. ovs-ofctl has no text for it. */
function printUnknown({ class: cls, type, hasMask, experimenter, body }: UnknownField): string {
  const code = experimenter === undefined ? hexDigits(cls, 4) : `${hexDigits(cls, 4)}.${hexDigits(experimenter, 8)}`
  return `${UNKNOWN}(${code},${type},${hasMask ? 'mask' : '-'},${Buffer.from(body).toString('hex')})`
}
