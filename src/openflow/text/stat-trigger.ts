/** Text of `stat_trigger(…)`, an instruction of OpenFlow 1.5 for which ovs-ofctl has no text. */
import type { Instruction } from '../actions/instructions.ts'
import type { FlowStats, Seconds } from '../wire/flow-stats.ts'
import { bad, bigInteger, integer } from './numbers.ts'
import { keyValues, refuseOthers } from './octets.ts'
import { splitCommas } from './split-words.ts'

type Name = Exclude<keyof FlowStats, 'others'>
type Trigger = Extract<Instruction, { type: 'stat_trigger' }>

const printTime = (name: string, time: Seconds | undefined): string =>
  time === undefined ? '' : `${name}=${time.seconds}.${String(time.nanoseconds).padStart(9, '0')}`

const printCount = (name: string, count: number | bigint | undefined): string =>
  count === undefined ? '' : `${name}=${count}`

export function printTrigger({ flags, thresholds }: Trigger): string {
  const { duration, idle, flows, packets, bytes } = thresholds
  const parts = [
    `flags=${flags}`,
    printTime('duration', duration),
    printTime('idle', idle),
    printCount('flows', flows),
    printCount('packets', packets),
    printCount('bytes', bytes),
  ]
  return `stat_trigger(${parts.filter(Boolean).join(',')})`
}

function parseTime(text: string): Seconds {
  const found = /^(\d+)\.(\d{9,10})$/.exec(text)
  if (!found) throw bad(text, 'expected seconds and nine digits of nanoseconds')
  return { seconds: integer(found[1] ?? ''), nanoseconds: integer((found[2] ?? '').replace(/^0+(?=\d)/, '')) }
}

export function parseTrigger(text: string): Trigger {
  const words = keyValues(splitCommas(text))
  refuseOthers(words.keys(), ['flags', 'duration', 'idle', 'flows', 'packets', 'bytes'], text)
  const read = <Value>(name: Name, parse: (text: string) => Value): { readonly [N in Name]?: Value } =>
    words.has(name) ? { [name]: parse(words.get(name) ?? '') } : {}
  const thresholds: FlowStats = {
    ...read('duration', parseTime),
    ...read('idle', parseTime),
    ...read('flows', integer),
    ...read('packets', bigInteger),
    ...read('bytes', bigInteger),
  } as FlowStats
  return { type: 'stat_trigger', flags: integer(words.get('flags') ?? ''), thresholds }
}
