/** Text of `ct(…)` and `nat(…)` (ovs-actions(7)). */

import type { CtAction, Range } from '../actions/ct.ts'
import { ipv4, ipv6, printIpv4, printIpv6 } from './address-text.ts'
import { bad, integer } from './numbers.ts'
import { keyValues, refuseOthers } from './octets.ts'
import { splitCommas, splitWords } from './split-words.ts'
import { parseBits, printBits } from './subfields.ts'
import type { Parsers, Parsing, Printers } from './text-row.ts'

type Ct = Extract<CtAction, { type: 'ct' }>
type Nat = Extract<CtAction, { type: 'nat' }>

/** The ports that identify protocols with related connections. */
const ALGS: ReadonlyArray<readonly [name: string, port: number]> = [
  ['ftp', 21],
  ['tftp', 69],
]

function printNat({ to, persistent, hash, random, ...range }: Nat): string {
  const target = printTarget(range)
  const parts = [
    to === undefined ? '' : `${to}${target === '' ? '' : `=${target}`}`,
    persistent ? 'persistent' : '',
    hash ? 'hash' : '',
    random ? 'random' : '',
  ].filter(Boolean)
  return parts.length === 0 ? 'nat' : `nat(${parts.join(',')})`
}

/** Prints one value, or a range. A range of one value is printed as that value. */
const span = <Value>({ min, max }: Range<Value>, print: (value: Value) => string): string =>
  max === undefined || max === min ? print(min) : `${print(min)}-${print(max)}`

function printTarget({ ipv4, ipv6, ports }: Pick<Nat, 'ipv4' | 'ipv6' | 'ports'>): string {
  const bracketed = (address: bigint): string => (ports ? `[${printIpv6(address)}]` : printIpv6(address))
  return [
    ipv4 ? span(ipv4, printIpv4) : '',
    ipv6 ? span(ipv6, bracketed) : '',
    ports ? `:${span(ports, String)}` : '',
  ].join('')
}

/** Parses `10.0.0.1-10.0.0.9:1000-2000`, `[fe80::1]:80`, `fe80::1-fe80::9` or `:80`. */
function parseTarget(text: string): Pick<Nat, 'ipv4' | 'ipv6' | 'ports'> {
  const found = /^(?:([\d.]+)(?:-([\d.]+))?|\[([^\]]+)\](?:-\[([^\]]+)\])?)?(?::(\d+)(?:-(\d+))?)?$/.exec(text)
  if (!found) {
    const [min = '', max, ...more] = text.split('-')
    if (more.length > 0) throw bad(text, 'expected addresses and ports')
    return { ipv6: range(min, max, ipv6) }
  }
  const [, min4, max4, min6, max6, low, high] = found
  return {
    ...(min4 === undefined ? {} : { ipv4: range(min4, max4, ipv4) }),
    ...(min6 === undefined ? {} : { ipv6: range(min6, max6, ipv6) }),
    ...(low === undefined ? {} : { ports: range(low, high, (port) => integer(port, 0xffff)) }),
  }
}

function range<Value>(first: string, last: string | undefined, parse: (text: string) => Value): Range<Value> {
  const [min, max] = [parse(first), last === undefined ? undefined : parse(last)]
  return max === undefined || max === min ? { min } : { min, max }
}

const NAT_FLAGS = ['persistent', 'hash', 'random'] as const

function parseNat(text: string): Nat {
  const words = keyValues(splitCommas(text))
  refuseOthers(words.keys(), ['src', 'dst', ...NAT_FLAGS], text)
  const to = (['src', 'dst'] as const).filter((side) => words.has(side))
  if (to.length > 1) throw bad(text, 'src and dst exclude each other')
  const [side] = to
  const target = side === undefined ? undefined : words.get(side)
  for (const name of NAT_FLAGS) if (words.get(name) !== undefined) throw bad(text, `${name} takes no value`)
  if (side === undefined && words.size > 0) throw bad(text, 'expected src or dst')
  return {
    type: 'nat',
    ...(side === undefined ? {} : { to: side }),
    ...Object.fromEntries(NAT_FLAGS.filter((name) => words.has(name)).map((name) => [name, true])),
    ...(target === undefined ? {} : parseTarget(target)),
  }
}

const EXEC = 'exec('

/** Parses the words of `ct(…)`. Words with parentheses are nested actions. */
function parseCt(text: string, parse: Parsing['parse']): Ct {
  const parts = splitWords(text)
  const inner = parts.filter((part) => /^(nat\b|exec\()/.test(part.text))
  const words = keyValues(parts.filter((part) => !inner.includes(part)).map((part) => part.text))
  refuseOthers(words.keys(), ['commit', 'force', 'zone', 'table', 'alg'], text)
  if (words.get('commit') !== undefined || words.get('force') !== undefined) throw bad(text, 'a flag takes no value')
  const value = (name: string): string | undefined => {
    const given = words.get(name)
    if (words.has(name) && given === undefined) throw bad(text, `${name} takes a value`)
    return given
  }
  const [zone, table, alg] = [value('zone'), value('table'), value('alg')]
  const inZone = zone === undefined ? undefined : /^\d/.test(zone) ? integer(zone, 0xffff) : parseBits(zone)
  return {
    type: 'ct',
    ...(words.has('commit') ? { commit: true } : {}),
    ...(words.has('force') ? { force: true } : {}),
    ...(inZone === undefined || inZone === 0 ? {} : { zone: inZone }),
    ...(table === undefined ? {} : { table: integer(table, 0xfe) }),
    ...(alg === undefined ? {} : { alg: ALGS.find(([name]) => name === alg)?.[1] ?? integer(alg, 0xffff) }),
    actions: inner.flatMap(({ text, at }) =>
      text.startsWith(EXEC) ? parse(text.slice(EXEC.length, -1), at + EXEC.length) : parse(text, at),
    ),
  }
}

export const CT_PRINTERS: Printers<CtAction['type']> = {
  ct({ commit, force, zone, table, alg, actions }, nested) {
    const [first, ...rest] = actions
    const outside = first?.type === 'nat' ? printNat(first) : ''
    const inside = outside === '' ? actions : rest
    const parts = [
      commit ? 'commit' : '',
      force ? 'force' : '',
      table === undefined ? '' : `table=${table}`,
      zone === undefined || zone === 0 ? '' : `zone=${typeof zone === 'number' ? zone : printBits(zone)}`,
      outside,
      inside.length === 0 ? '' : `exec(${nested.print(inside)})`,
      alg === undefined || alg === 0 ? '' : `alg=${ALGS.find(([, port]) => port === alg)?.[0] ?? alg}`,
    ]
    return `ct(${parts.filter(Boolean).join(',')})`
  },
  nat: printNat,
  ct_clear: () => 'ct_clear',
}

export const CT_PARSERS: Parsers = [
  ['ct', (text, nested) => parseCt(text, nested.parse)],
  ['nat', parseNat],
  [
    'ct_clear',
    (text) => {
      if (text !== '') throw bad(text, 'ct_clear takes no arguments')
      return { type: 'ct_clear' }
    },
  ],
]
