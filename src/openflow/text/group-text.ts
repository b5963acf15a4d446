/** Text of groups: a line of `ovs-ofctl dump-groups` without the leading blank (ovs-ofctl(8), "Group Syntax"). */
import { BUCKET, type Bucket } from '../messages/buckets.ts'
import { GROUP, type Group, type GroupModBody, type GroupProperty, type GroupType } from '../messages/group-messages.ts'
import { PORT } from '../wire/port-numbers.ts'
import { located, placed, type Word } from './locate.ts'
import { bad, integer, octets, onlyOnce, words } from './numbers.ts'
import { oneOf, printOctets } from './octets.ts'
import { ANY_PACKETS, actionsOf } from './parse-actions.ts'
import { parsePort, printPort } from './port-names.ts'
import { printActions } from './print-actions.ts'
import { parseSelection, printSelection } from './selection-method.ts'
import { splitWords } from './split-words.ts'

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
 * @throws OpenFlowError `bad-text`, with the offset of the word or action
 */
export const parseGroup = (text: string): Changed => located(0, () => groupOf(text))

function groupOf(text: string): Changed {
  const parts = splitWords(text)
  const first = parts.findIndex((part) => part.text.startsWith(BUCKET_START))
  const head = first < 0 ? parts : parts.slice(0, first)
  const pairs = head.map((part) => located(part.at, () => split(part.text)))
  const named = new Map(pairs)
  onlyOnce(pairs.map(([name]) => name).filter((name) => name !== 'property'))
  /** The position of the word with this name, which an error about its value is at. */
  const at = (name: string): number => head[pairs.findIndex((pair) => pair[0] === name)]?.at ?? 0
  const group = named.get('group_id')
  if (group === undefined) throw bad(text, 'group_id= is missing')
  const place = named.get('command_bucket_id')
  const type = named.get('type') ?? (place === undefined ? '' : 'all')
  const groupType = type === 'fast_failover' ? 'ff' : located(at('type'), () => oneOf(TYPES, type))
  const unknown = head.filter(isProperty).map((part) => located(part.at, () => parseUnknown(part.text)))
  const properties = [...located(at('selection_method'), () => parseSelection(named)), ...unknown]
  for (const name of named.keys())
    if (!HEADS.includes(name)) throw placed(bad(name, `expected one of ${HEADS.join(', ')}`), at(name))
  const buckets = first < 0 ? [] : bucketsOf(parts.slice(first)).map((words) => parseBucket(words, groupType))
  if (groupType === 'indirect' && buckets.length > 1) throw bad('indirect', 'an indirect group has only one bucket')
  onlyOnce(buckets.flatMap(({ bucket }) => (bucket === undefined ? [] : [`bucket_id:${bucket}`])))
  return {
    group: located(at('group_id'), () => integer(group, GROUP.MAX)),
    groupType,
    buckets,
    ...(properties.length === 0 ? {} : { properties }),
    ...(place === undefined
      ? {}
      : { commandBucket: located(at('command_bucket_id'), () => PLACES.get(place) ?? integer(place, GROUP.MAX)) }),
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
const isProperty = ({ text }: Word): boolean => text.startsWith('property(')

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

const BUCKET_START = 'bucket='

/** What is left of a word without its first characters. */
const behind = ({ text, at }: Word, characters: number): Word => ({
  text: text.slice(characters),
  at: at + characters,
})

/** Groups the words by bucket. */
function bucketsOf(parts: readonly Word[]): Word[][] {
  const buckets: Word[][] = []
  for (const part of parts) {
    if (part.text.startsWith(BUCKET_START)) buckets.push([behind(part, BUCKET_START.length)])
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
function parseBucket(parts: readonly Word[], type: GroupType): Bucket {
  if (parts.every(({ text }) => text === ''))
    throw placed(bad(BUCKET_START, 'expected actions, or drop'), parts[0]?.at ?? 0)
  const bucket: { -readonly [Key in keyof Bucket]?: Bucket[Key] } = type === 'select' ? { weight: USUAL_WEIGHT } : {}
  const properties: Unknown[] = []
  const actions: Word[] = []
  for (const part of parts) {
    const [, name = '', value = ''] = /^(\w+)[:=](.*)$/s.exec(part.text) ?? []
    const word = BUCKET_WORDS.get(name)
    if (isProperty(part)) properties.push(located(part.at, () => parseUnknown(part.text)))
    else if (word)
      Object.assign(
        bucket,
        located(part.at + name.length + 1, () => word(value)),
      )
    else actions.push(name === 'actions' ? behind(part, name.length + 1) : part)
  }
  const given = actions.filter(({ text }) => text !== '')
  return { ...bucket, actions: actionsOf(given, ANY_PACKETS), ...(properties.length === 0 ? {} : { properties }) }
}
