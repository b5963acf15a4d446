/** Text of groups: a line of `ovs-ofctl dump-groups` without the leading blank (ovs-ofctl(8), "Group Syntax"). */
import { BUCKET, type Bucket } from '../messages/buckets.ts'
import { GROUP, type Group, type GroupModBody, type GroupProperty, type GroupType } from '../messages/group-messages.ts'
import { PORT } from '../wire/port-numbers.ts'
import { bad, integer, octets, onlyOnce, words } from './numbers.ts'
import { oneOf, printOctets } from './octets.ts'
import { parseActions } from './parse-actions.ts'
import { parsePort, printPort } from './port-names.ts'
import { printActions } from './print-actions.ts'
import { parseSelection, printSelection } from './selection-method.ts'
import { splitCommas } from './split-words.ts'

const TYPES: readonly GroupType[] = ['all', 'select', 'indirect', 'ff']
/** The default weight of a bucket in a `select` group. */
const USUAL_WEIGHT = 1

type Unknown = Extract<GroupProperty, { type: 'unknown' }>

/**
 * Prints a group:
 * `group_id=1,type=select,selection_method=hash,fields(ip_dst),bucket=bucket_id:0,weight:5,actions=output:1`
 */
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

/** Prints an unknown property, for which ovs-ofctl has no text. */
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

/** The text for `insert-buckets` and `remove-buckets` of ovs-ofctl has no type of group. */
type Changed = Group & Pick<GroupModBody, 'commandBucket'>

/**
 * Parses one line.
 * @throws OpenFlowError `bad-text`
 */
export function parseGroup(text: string): Changed {
  const parts = splitCommas(text.trim())
  const first = parts.findIndex((part) => part.startsWith('bucket='))
  const head = first < 0 ? parts : parts.slice(0, first)
  const named = new Map(head.map((part) => split(part)))
  onlyOnce(head.map((part) => split(part)[0]).filter((name) => name !== 'property'))
  const group = named.get('group_id')
  if (group === undefined) throw bad(text, 'group_id= is missing')
  const place = named.get('command_bucket_id')
  const type = named.get('type') ?? (place === undefined ? '' : 'all')
  const groupType = type === 'fast_failover' ? 'ff' : oneOf(TYPES, type)
  const properties = [...parseSelection(named), ...head.filter(isProperty).map(parseUnknown)]
  for (const name of named.keys()) if (!HEADS.includes(name)) throw bad(name, `expected one of ${HEADS.join(', ')}`)
  const buckets = first < 0 ? [] : bucketsOf(parts.slice(first)).map((words) => parseBucket(words, groupType))
  if (groupType === 'indirect' && buckets.length > 1) throw bad('indirect', 'an indirect group has only one bucket')
  onlyOnce(buckets.flatMap(({ bucket }) => (bucket === undefined ? [] : [`bucket_id:${bucket}`])))
  return {
    group: integer(group, GROUP.MAX),
    groupType,
    buckets,
    ...(properties.length === 0 ? {} : { properties }),
    ...(place === undefined ? {} : { commandBucket: PLACES.get(place) ?? integer(place, GROUP.MAX) }),
  }
}

const PLACES = new Map(Object.entries(BUCKET).map(([name, bucket]) => [name.toLowerCase(), bucket]))

const HEADS = [
  'group_id',
  'type',
  'command_bucket_id',
  'selection_method',
  'selection_method_param',
  'fields',
  'property',
]
const isProperty = (part: string): boolean => part.startsWith('property(')

/** Splits `name=value` or `name(value)`. */
function split(part: string): [name: string, value: string] {
  const found = /^(\w+)(?:=(.*)|\((.*)\))$/s.exec(part)
  if (!found) throw bad(part, 'expected name=value')
  return [found[1] ?? '', found[2] ?? found[3] ?? '']
}

function parseUnknown(text: string): Unknown {
  const [code = '', body = ''] = words(split(text)[1], 2)
  return { type: 'unknown', code: integer(code, 0xffff), body: octets(body) }
}

/** Groups the words by bucket. */
function bucketsOf(parts: readonly string[]): string[][] {
  const buckets: string[][] = []
  for (const part of parts) {
    if (part.startsWith('bucket=')) buckets.push([part.slice('bucket='.length)])
    else buckets.at(-1)?.push(part)
  }
  return buckets
}

const BUCKET_WORDS = new Map<string, (value: string) => Partial<Bucket>>([
  ['bucket_id', (value) => ({ bucket: integer(value, GROUP.MAX) })],
  ['weight', (value) => ({ weight: integer(value, 0xffff) })],
  ['watch_port', (value) => watched(parsePort(value))],
  ['watch_group', (value) => ({ watchGroup: integer(value) })],
])

const watched = (port: number): Partial<Bucket> => (port === PORT.ANY ? {} : { watchPort: port })

/** Words that are not about the bucket itself are its actions. */
function parseBucket(parts: readonly string[], type: GroupType): Bucket {
  if (parts.every((part) => part === '')) throw bad('bucket=', 'expected actions, or drop')
  const bucket: { -readonly [Key in keyof Bucket]?: Bucket[Key] } = type === 'select' ? { weight: USUAL_WEIGHT } : {}
  const properties: Unknown[] = []
  const actions: string[] = []
  for (const part of parts) {
    const [, name = '', value = ''] = /^(\w+)[:=](.*)$/s.exec(part) ?? []
    const word = BUCKET_WORDS.get(name)
    if (isProperty(part)) properties.push(parseUnknown(part))
    else if (word) Object.assign(bucket, word(value))
    else actions.push(name === 'actions' ? value : part)
  }
  return { ...bucket, actions: parseActions(actions.join(',')), ...(properties.length === 0 ? {} : { properties }) }
}
