/**
 * Text of meters as `ovs-ofctl dump-meters` prints them: one line, and one more for each band (ovs-ofctl(8), "Meter
 * Syntax").
 */
import { type Band, METER, METER_FLAGS, type Meter } from '../messages/meter-messages.ts'
import { located, placed, placedWords, type Word } from './locate.ts'
import { bad, integer, octets, onlyOnce, words } from './numbers.ts'
import { keyValues, printOctets } from './octets.ts'

const NAMES: ReadonlyArray<readonly [name: string, meter: number]> = [
  ['slowpath', METER.SLOWPATH],
  ['controller', METER.CONTROLLER],
  ['all', METER.ALL],
]

const FLAGS = Object.entries(METER_FLAGS)

/**
 * Prints a meter: `meter=1 kbps burst bands=`, and then a line `type=drop rate=5 burst_size=7` for each band. Burst
 * sizes are printed only with the flag `burst`, because a switch does not report them without it.
 */
export function printMeter({ meter, flags, bands }: Meter): string {
  const name = NAMES.find(([, number]) => number === meter)?.[0] ?? String(meter)
  const known = FLAGS.filter(([, bit]) => (flags & bit) !== 0).map(([flag]) => flag)
  const rest = flags & ~FLAGS.reduce((all, [, bit]) => all | bit, 0)
  const head = [`meter=${name}`, ...known, ...(rest === 0 ? [] : [`flags:0x${rest.toString(16)}`]), 'bands=']
  return [head.join(' '), ...bands.map((band) => printBand(band, (flags & METER_FLAGS.burst) !== 0))].join('\n')
}

function printBand(band: Band, hasBurst: boolean): string {
  const type = band.type === 'unknown' ? `unknown(${band.code},${printOctets(band.body)})` : band.type
  return [
    `type=${type}`,
    `rate=${band.rate}`,
    ...(hasBurst ? [`burst_size=${band.burst}`] : []),
    ...(band.type === 'dscp_remark' ? [`prec_level=${band.level}`] : []),
  ].join(' ')
}

/**
 * Parses what `printMeter` prints, or `meter=1,kbps,band=type=drop,rate=5` as `add-meter` takes it.
 * @throws OpenFlowError `bad-text`, with the offset of the word
 */
export const parseMeter = (text: string): Meter => located(0, () => meterOf(text))

function meterOf(text: string): Meter {
  const words = text
    .replaceAll(/\bbands?=/g, (start) => ' '.repeat(start.length))
    .split(/[\s,]+(?![^(]*\))/)
    .filter(Boolean)
  const parts = placedWords(text, words)
  const start = parts.findIndex((part) => part.text.startsWith('type='))
  const head = start < 0 ? parts : parts.slice(0, start)
  onlyOnce(head.map((part) => part.text.split('=')[0] ?? ''))
  let meter: number | undefined
  let flags = 0
  for (const { text: part, at } of head) {
    const flag = FLAGS.find(([name]) => name === part)
    if (part.startsWith('meter=')) meter = located(at, () => parseNumber(part.slice('meter='.length)))
    else if (part.startsWith('flags:')) flags |= located(at, () => integer(part.slice('flags:'.length), 0xffff))
    else if (flag) flags |= flag[1]
    else throw placed(bad(part, `expected one of meter=, ${FLAGS.map(([name]) => name).join(', ')}`), at)
  }
  if (meter === undefined) throw bad(text, 'meter= is missing')
  return { meter, flags, bands: start < 0 ? [] : bandsOf(parts.slice(start)).map((band) => parseBand(band, flags)) }
}

const parseNumber = (text: string): number => NAMES.find(([name]) => name === text)?.[1] ?? integer(text)

/** Groups the words by band. Each band begins with `type=`. */
function bandsOf(parts: readonly Word[]): Word[][] {
  const bands: Word[][] = []
  for (const part of parts) {
    if (part.text.startsWith('type=')) bands.push([part])
    else bands.at(-1)?.push(part)
  }
  return bands
}

/** An error is at the beginning of the band. */
const parseBand = (band: readonly Word[], flags: number): Band =>
  located(band[0]?.at ?? 0, () =>
    bandOf(
      band.map(({ text }) => text),
      flags,
    ),
  )

function bandOf(parts: readonly string[], flags: number): Band {
  const named = keyValues(parts)
  if (named.has('burst_size') && (flags & METER_FLAGS.burst) === 0)
    throw bad('burst_size', 'it requires the flag burst')
  for (const name of named.keys()) {
    if (!['type', 'rate', 'burst_size', 'prec_level'].includes(name)) throw bad(name, 'a band does not have it')
  }
  const type = named.get('type') ?? ''
  const rate = { rate: integer(named.get('rate') ?? ''), burst: integer(named.get('burst_size') ?? '0') }
  if (named.has('prec_level') !== (type === 'dscp_remark'))
    throw bad(parts.join(' '), 'prec_level belongs to dscp_remark')
  if (type === 'drop') return { type, ...rate }
  if (type === 'dscp_remark') return { type, ...rate, level: integer(named.get('prec_level') ?? '', 0xff) }
  const found = /^unknown\((.*)\)$/.exec(type)
  if (!found) throw bad(type, 'expected drop or dscp_remark')
  const [code = '', body = ''] = words(found[1] ?? '', 2)
  return { type: 'unknown', code: integer(code, 0xffff), ...rate, body: octets(body) }
}
