/** A group as a line of `ovs-ofctl dump-groups`, without the blank that such a line begins with (ovs-ofctl(8), "Group Syntax"). */
import type { Bucket } from '../buckets.ts'
import { allOnes, known, type Match, position } from '../fields.ts'
import type { Group, GroupProperty, GroupType } from '../groups.ts'
import { printActions } from './actions.ts'
import { actionField, actionName, printPort } from './names.ts'
import { bad, bigInteger, integer, octets, onlyOnce, words } from './numbers.ts'
import { oneOf, printOctets } from './octets.ts'
import { parseActions } from './parse-actions.ts'
import { parsePort } from './ports.ts'
import { splitCommas } from './split.ts'
import { parseValue, printValue } from './values.ts'

const TYPES: readonly GroupType[] = ['all', 'select', 'indirect', 'ff']
/** What a bucket of a group `select` has unless it is said. */
const USUAL_WEIGHT = 1

type Selection = Extract<GroupProperty, { type: 'selection_method' }>
type Unknown = Extract<GroupProperty, { type: 'unknown' }>

/** `group_id=1,type=select,selection_method=hash,fields(ip_dst),bucket=bucket_id:0,weight:5,actions=output:1` */
export function printGroup({ group, groupType, buckets, properties = [] }: Group): string {
  return [
    `group_id=${group}`,
    `type=${groupType}`,
    ...properties.flatMap((property) =>
      property.type === 'selection_method' ? printSelection(property) : [printUnknown(property)],
    ),
    ...buckets.map((bucket) => `bucket=${printBucket(bucket, groupType)}`),
  ].join(',')
}

function printSelection({ method, parameter, fields }: Selection): string[] {
  const names = fields.map((field) => {
    if (field.field === 'unknown') throw bad(`field ${field.type}`, 'it has no name')
    const name = actionName(field.field)
    return field.value === allOnes(field.field) ? name : `${name}=${printValue(field.field, field.value, undefined)}`
  })
  const [only] = names
  const isOne = names.length === 1 && only !== undefined && !only.includes('=')
  return [
    `selection_method=${method}`,
    ...(parameter === 0n ? [] : [`selection_method_param=${parameter}`]),
    ...(isOne ? [`fields=${only}`] : names.length === 0 ? [] : [`fields(${names.join(',')})`]),
  ]
}

/** Not of ovs-ofctl, which has no text for it. */
const printUnknown = ({ code, body }: Unknown): string => `property(${code},${printOctets(body)})`

function printBucket(bucket: Bucket, type: GroupType): string {
  const { weight, watchPort, watchGroup, properties = [] } = bucket
  const isUsual = weight === undefined || (type === 'select' && weight === USUAL_WEIGHT)
  return [
    ...(bucket.bucket === undefined ? [] : [`bucket_id:${bucket.bucket}`]),
    ...(type === 'select' && weight === undefined ? ['weight:0'] : isUsual ? [] : [`weight:${weight}`]),
    ...(watchPort === undefined ? [] : [`watch_port:${printPort(watchPort)}`]),
    ...(watchGroup === undefined ? [] : [`watch_group:${watchGroup}`]),
    ...properties.map(printUnknown),
    `actions=${printActions(bucket.actions) || 'drop'}`,
  ].join(',')
}

/** Read one line. @throws OpenFlowError `bad-text` */
export function parseGroup(text: string): Group {
  const parts = splitCommas(text.trim())
  const first = parts.findIndex((part) => part.startsWith('bucket='))
  const head = first < 0 ? parts : parts.slice(0, first)
  const named = new Map(head.map((part) => split(part)))
  onlyOnce(head.map((part) => split(part)[0]).filter((name) => name !== 'property'))
  const group = named.get('group_id')
  if (group === undefined) throw bad(text, 'group_id= is missing')
  const groupType = oneOf(TYPES, named.get('type') ?? '')
  const properties = [...parseSelection(named), ...head.filter(isProperty).map(parseUnknown)]
  for (const name of named.keys()) if (!HEADS.includes(name)) throw bad(name, `it is none of ${HEADS.join(', ')}`)
  return {
    group: integer(group),
    groupType,
    buckets: first < 0 ? [] : bucketsOf(parts.slice(first)).map((words) => parseBucket(words, groupType)),
    ...(properties.length === 0 ? {} : { properties }),
  }
}

const HEADS = ['group_id', 'type', 'selection_method', 'selection_method_param', 'fields', 'property']
const isProperty = (part: string): boolean => part.startsWith('property(')

/** `name=value`, or `name(value)`. */
function split(part: string): [name: string, value: string] {
  const found = /^(\w+)(?:=(.*)|\((.*)\))$/s.exec(part)
  if (!found) throw bad(part, 'name=value is wanted')
  return [found[1] ?? '', found[2] ?? found[3] ?? '']
}

function parseSelection(named: ReadonlyMap<string, string>): Selection[] {
  const method = named.get('selection_method')
  if (method === undefined) {
    if (named.has('fields') || named.has('selection_method_param')) throw bad('fields', 'selection_method= is missing')
    return []
  }
  const parameter = bigInteger(named.get('selection_method_param') ?? '0')
  const fields: Match = splitCommas(named.get('fields') ?? '').map(parseField)
  return [{ type: 'selection_method', method, parameter, fields: fields.toSorted((a, b) => position(a) - position(b)) }]
}

function parseField(text: string): Match[number] {
  const [name = '', value, ...more] = text.split('=')
  const field = actionField(name)
  if (!field || more.length > 0) throw bad(text, 'a field is wanted, or a field and its bits')
  if (value === undefined) return known(field, allOnes(field))
  const { mask, ...bits } = parseValue(field, value)
  if (mask !== undefined) throw bad(text, 'the value is the mask')
  return bits as Match[number]
}

function parseUnknown(text: string): Unknown {
  const [code = '', body = ''] = words(split(text)[1], 2)
  return { type: 'unknown', code: integer(code, 0xffff), body: octets(body) }
}

/** The words of each bucket. */
function bucketsOf(parts: readonly string[]): string[][] {
  const buckets: string[][] = []
  for (const part of parts) {
    if (part.startsWith('bucket=')) buckets.push([part.slice('bucket='.length)])
    else buckets.at(-1)?.push(part)
  }
  return buckets
}

const BUCKET_WORDS = new Map<string, (value: string) => Partial<Bucket>>([
  ['bucket_id', (value) => ({ bucket: integer(value) })],
  ['weight', (value) => ({ weight: integer(value, 0xffff) })],
  ['watch_port', (value) => ({ watchPort: parsePort(value) })],
  ['watch_group', (value) => ({ watchGroup: integer(value) })],
])

/** Up to `actions=`, or to the first word that is an action. */
function parseBucket(parts: readonly string[], type: GroupType): Bucket {
  const bucket: { -readonly [Key in keyof Bucket]?: Bucket[Key] } = type === 'select' ? { weight: USUAL_WEIGHT } : {}
  const properties: Unknown[] = []
  let index = 0
  for (; index < parts.length; index += 1) {
    const part = parts[index] ?? ''
    const [, name = '', value = ''] = /^(\w+)[:=](.*)$/s.exec(part) ?? []
    const word = BUCKET_WORDS.get(name)
    if (isProperty(part)) properties.push(parseUnknown(part))
    else if (word) Object.assign(bucket, word(value))
    else break
  }
  const actions = parts
    .slice(index)
    .join(',')
    .replace(/^actions=/, '')
  return { ...bucket, actions: parseActions(actions), ...(properties.length === 0 ? {} : { properties }) }
}
