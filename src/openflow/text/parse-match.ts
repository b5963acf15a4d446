/** Parses matches as ovs-ofctl(8) writes them. */
import { canonicalMatch, isToldInPart, trimmed } from '../match/canonical-match.ts'
import { allOnes, type FieldName, known, type Match, type OxmField, type UnknownField } from '../match/match-fields.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { fieldNamed, UNKNOWN } from './field-names.ts'
import { parseValue } from './field-values.ts'
import { located, placed, type Word } from './locate.ts'
import { bad, integer, octets } from './numbers.ts'
import { exact, isEthType, isProtocol, PRESENT, sharedField, VID, wordNamed } from './protocols.ts'
import { splitWords } from './split-words.ts'
import { parseBits, valueOfBits } from './subfields.ts'
import type { Packets } from './text-row.ts'

function parseUnknown(text: string): UnknownField {
  const found = /^oxm\((0x[\da-f]+)(?:\.(0x[\da-f]+))?,(\d+),(mask|-),([\da-f]*)\)$/.exec(text)
  if (!found) throw bad(text, 'expected oxm(class,type,mask or -,octets)')
  const [, cls = '', experimenter, type = '', mask, body = ''] = found
  return {
    field: 'unknown',
    class: integer(cls, 0xffff),
    type: integer(type, 0x7f),
    hasMask: mask === 'mask',
    ...(experimenter === undefined ? {} : { experimenter: integer(experimenter) }),
    body: octets(body),
  }
}

/**
 * Parses a match. The field names of OpenFlow and the older ones of OVS are understood.
 * @throws OpenFlowError `bad-text`, with the offset of the field or of its value
 */
export const parseMatch = (text: string): Match => located(0, () => matchOf(splitWords(text)))

/** Splits `name=value` or `name:value`. */
export function split(word: string): readonly [name: string, value: string | undefined] {
  const found = /^([^=:(]+)[=:](.*)$/s.exec(word)
  return found ? [found[1] ?? '', found[2]] : [word, undefined]
}

/** A name without a value matches packets that have the option, whatever its value. */
const IS_THERE = /^tun_metadata([0-9]|[1-5][0-9]|6[0-3])$/
/** Any value. */
const ANY = '*'

/** A name with its value, and the position of the name. */
type Named = readonly [name: string, value: string, at: number]

/**
 * The match that the words stand for. Ethernet type and protocol are read first, because the meaning of other words
 * depends on them.
 */
export function matchOf(words: readonly Word[]): Match {
  const fields: OxmField[] = []
  const named: Named[] = []
  for (const { text, at } of words) {
    const [name, value] = split(text)
    if (value === undefined) fields.push(...located(at, () => fieldsOf(text)))
    else if (value !== ANY) named.push([name, value, at])
    else if (!fieldNamed(name)) throw notField(name, at)
  }
  const rank = ([name]: Named): number => (isEthType(name) ? 0 : isProtocol(name) ? 1 : 2)
  for (const each of named.toSorted((a, b) => rank(a) - rank(b))) {
    if (!each[0].includes('[')) fields.push(parseField(each, fields))
  }
  fields.push(...partsOf(named))
  const names = named.map(([name]) => name)
  // What is wrong about several fields is found when all are known: the last word completes it.
  return located(words.at(-1)?.at ?? 0, () =>
    whole(names.some((name) => PRIORITIES.has(name)) ? tagged(fields) : fields),
  )
}

const notField = (name: string, offset = 0): OpenFlowError =>
  new OpenFlowError('bad-text', `"${name}" is not a field`, { offset })

/** A word without a value: a kind of packet, an option, or an unknown field. */
function fieldsOf(word: string): OxmField[] {
  const [, ethType, protocol] = wordNamed(word) ?? []
  if (ethType !== undefined) {
    return [known('eth_type', ethType), ...(protocol === undefined ? [] : [known('ip_proto', protocol)])]
  }
  if (word === 'eth') return [known('packet_type', 0)]
  if (word.startsWith(`${UNKNOWN}(`)) return [parseUnknown(word)]
  if (IS_THERE.test(word)) return [known(word as FieldName, 0n, 0n)]
  throw notField(word)
}

function parseField([name, value, at]: Named, fields: Match): OxmField {
  try {
    return fieldOf(name, value, fields)
  } catch (error) {
    // An error with an offset is about the name.
    const isName = error instanceof OpenFlowError && error.offset !== undefined
    throw placed(error, isName ? at : at + name.length + 1)
  }
}

function fieldOf(name: string, value: string, fields: Match): OxmField {
  // OFP_VLAN_NONE of OpenFlow 1.0 means no tag.
  if (name === 'dl_vlan') return known('vlan_vid', /^(0xffff|65535)$/i.test(value) ? 0 : PRESENT | integer(value, VID))
  // The two lower bits belong to nw_ecn.
  if (name === 'nw_tos' && !value.includes('/')) return known('ip_dscp', integer(value, 0xff) >>> 2)
  if (name === 'nw_tos') return parseValue('ip_dscp', value)
  const field = sharedField(name, exact(fields, 'eth_type'), exact(fields, 'ip_proto')) ?? fieldNamed(name)
  if (!field) throw notField(name)
  return parseValue(field, value)
}

/** Parts of fields, `reg0[0..3]=5`. Several may belong to one field. */
function partsOf(named: readonly Named[]): OxmField[] {
  const found = new Map<FieldName, { readonly value: bigint; readonly mask: bigint }>()
  for (const [name, text, at] of named) {
    if (!name.includes('[')) continue
    const { field, ...part } = located(at, () => valueOfBits(parseBits(name), text))
    const { value, mask } = found.get(field) ?? { value: 0n, mask: 0n }
    const [more, bits] = [BigInt(part.value), BigInt(part.mask)]
    if (((value ^ more) & mask & bits) !== 0n) throw placed(bad(field, 'it is given twice'), at)
    found.set(field, { value: value | more, mask: mask | bits })
  }
  return Array.from(found, ([field, { value, mask }]) =>
    typeof allOnes(field) === 'number' ? known(field, Number(value), Number(mask)) : known(field, value, mask),
  )
}

const PRIORITIES = new Set(['dl_vlan_pcp', 'vlan_pcp'])

/** A match on a VLAN priority implies a tag. */
function tagged(fields: readonly OxmField[]): OxmField[] {
  if (fields.some(({ field }) => field === 'vlan_tci')) return [...fields]
  const ids = fields.filter((one) => one.field === 'vlan_vid')
  if (ids.length === 0) return [...fields, known('vlan_vid', PRESENT, PRESENT)]
  const withTag = ids.map(({ value, mask }) =>
    known('vlan_vid', value | PRESENT, mask === undefined ? undefined : mask | PRESENT),
  )
  return [...fields.filter(({ field }) => field !== 'vlan_vid'), ...withTag]
}

/**
 * The match in canonical form, with each field once. A field that the switch reports only in part is sent as it was
 * written.
 */
function whole(fields: readonly OxmField[]): Match {
  const told = canonicalMatch(fields.filter((field) => !isToldInPart(field)))
  const match: OxmField[] = []
  for (const field of [...told, ...fields.filter(isToldInPart).flatMap(trimmed)]) {
    const same = field.field === 'unknown' ? undefined : match.find((one) => one.field === field.field)
    if (same === undefined) match.push(field)
    else if (!isSame(same, field)) throw bad(field.field, 'it is given twice')
  }
  if (hasTci(match) && match.some(({ field }) => TAG.test(field))) {
    throw bad('vlan_tci', 'it is given together with a part of it')
  }
  return match
}

const isSame = (a: OxmField, b: OxmField): boolean =>
  a.field !== 'unknown' && b.field !== 'unknown' && a.value === b.value && a.mask === b.mask

const TAG = /^vlan_(vid|pcp)$/
const hasTci = (match: Match): boolean => match.some(({ field }) => field === 'vlan_tci')

/** What a match says about its packets that matters for parsing actions. */
export const packetsOf = (match: Match): Packets => ({
  protocol: exact(match, 'ip_proto'),
  isTagged: match.some(
    (one) =>
      (one.field === 'vlan_vid' || one.field === 'vlan_tci') && (one.value & (one.mask ?? 0xffff) & PRESENT) !== 0,
  ),
})
