/** Text of `controller(…)` and `sample(…)` (ovs-actions(7)). */
import type { Action } from '../actions/actions.ts'
import { DIRECTIONS, type TellAction } from '../actions/controller-actions.ts'
import type { Bits } from '../match/subfield.ts'
import { PORT } from '../wire/port-numbers.ts'
import { bad, integer, octets } from './numbers.ts'
import { keyValues, nameOrNumber, printOctets, refuseOthers } from './octets.ts'
import { parsePort, printPort } from './port-names.ts'
import { splitCommas } from './split-words.ts'
import { parseBits, printBits } from './subfields.ts'
import type { Parsers, Printers } from './text-row.ts'

type Controller2 = Extract<TellAction, { type: 'controller2' }>
type Sample = Extract<TellAction, { type: 'sample' }>

const REASONS = ['no_match', 'action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const
const BY_ACTION = 1
export const WHOLE_PACKET = 0xffff

function printController(action: Omit<Controller2, 'type'>): string {
  const { maxLen = WHOLE_PACKET, controllerId = 0, reason = BY_ACTION, userdata, pause, meter } = action
  const parts = [
    reason === BY_ACTION ? '' : `reason=${REASONS[reason] ?? reason}`,
    maxLen === WHOLE_PACKET ? '' : `max_len=${maxLen}`,
    controllerId === 0 ? '' : `id=${controllerId}`,
    userdata === undefined || userdata.length === 0 ? '' : `userdata=${printOctets(userdata, '.')}`,
    pause ? 'pause' : '',
    meter === undefined ? '' : `meter_id=${meter}`,
  ].filter(Boolean)
  const onlyLength = parts.every((part) => part.startsWith('max_len'))
  return onlyLength ? `CONTROLLER:${maxLen}` : `controller(${parts.join(',')})`
}

const WORDS = ['reason', 'max_len', 'id', 'userdata', 'pause', 'meter_id']

function parseController(text: string): Action {
  if (/^(0x[\da-f]+|\d*)$/i.test(text)) {
    const maxLen = text === '' ? WHOLE_PACKET : integer(text, 0xffff)
    return { type: 'output', port: PORT.CONTROLLER, ...(maxLen === WHOLE_PACKET ? {} : { maxLen }) }
  }
  const words = keyValues(splitCommas(text))
  refuseOthers(words.keys(), WORDS, text)
  const value = (name: string): string | undefined => {
    if (words.has(name) && words.get(name) === undefined) throw bad(text, `${name} takes a value`)
    return words.get(name)
  }
  const [length, id, why, data, meter] = ['max_len', 'id', 'reason', 'userdata', 'meter_id'].map(value)
  if (words.get('pause') !== undefined) throw bad(text, 'pause takes no value')
  const maxLen = length === undefined ? undefined : integer(length, 0xffff)
  const controllerId = id === undefined ? undefined : integer(id, 0xffff)
  const reason = why === undefined ? undefined : nameOrNumber(REASONS, why, 0xff)
  const userdata = data === undefined || data === '' ? undefined : octets(data)
  const isPlain = userdata === undefined && !words.has('pause') && meter === undefined
  if (isPlain) {
    return {
      type: 'controller',
      maxLen: maxLen ?? WHOLE_PACKET,
      controllerId: controllerId ?? 0,
      reason: reason ?? BY_ACTION,
    }
  }
  return {
    type: 'controller2',
    ...(maxLen === undefined || maxLen === WHOLE_PACKET ? {} : { maxLen }),
    ...(controllerId ? { controllerId } : {}),
    ...(reason === undefined || reason === BY_ACTION ? {} : { reason }),
    ...(userdata === undefined ? {} : { userdata }),
    ...(words.has('pause') ? { pause: true } : {}),
    ...(meter === undefined ? {} : { meter: integer(meter) }),
  }
}

const printSource = (source: number | Bits): string => (typeof source === 'number' ? String(source) : printBits(source))
const parseSource = (text: string): number | Bits => (/^\d/.test(text) ? integer(text) : parseBits(text))

function printSample({ probability, collectorSet, domain, point, port, direction }: Sample): string {
  const parts = [
    `probability=${probability}`,
    `collector_set_id=${collectorSet}`,
    `obs_domain_id=${printSource(domain)}`,
    `obs_point_id=${printSource(point)}`,
    ...(port === undefined ? [] : [`sampling_port=${printPort(port)}`]),
    ...(direction === undefined || direction === 'none' ? [] : [direction]),
  ]
  return `sample(${parts.join(',')})`
}

function parseSample(text: string): Sample {
  const words = keyValues(splitCommas(text))
  const known = ['probability', 'collector_set_id', 'obs_domain_id', 'obs_point_id', 'sampling_port']
  refuseOthers(words.keys(), [...known, 'ingress', 'egress'], text)
  const value = (name: string): string => {
    if (words.has(name) && words.get(name) === undefined) throw bad(text, `${name} takes a value`)
    return words.get(name) ?? '0'
  }
  const probability = integer(value('probability'), 0xffff)
  if (probability === 0) throw bad(text, 'expected a probability from 1 to 65535')
  const directions = DIRECTIONS.filter((name) => words.has(name))
  if (directions.length > 1 || directions.some((name) => words.get(name) !== undefined)) {
    throw bad(text, 'expected ingress or egress, without a value')
  }
  const [direction] = directions
  return {
    type: 'sample',
    probability,
    collectorSet: integer(value('collector_set_id')),
    domain: parseSource(value('obs_domain_id')),
    point: parseSource(value('obs_point_id')),
    ...(words.has('sampling_port') ? { port: parsePort(value('sampling_port')) } : {}),
    ...(direction === undefined ? {} : { direction }),
  }
}

export const TELL_PRINTERS: Printers<TellAction['type']> = {
  controller: printController,
  controller2: printController,
  sample: printSample,
}

export const TELL_PARSERS: Parsers = [
  ['controller', parseController],
  ['sample', parseSample],
]
