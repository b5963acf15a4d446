/** The docs page of the pipeline, made from its modules: `npm run docs` writes it, a test holds that it is fresh. */
import { authorOf, OWNER_COOKIE } from '../flows/pipeline/cookie.ts'
import { SLOTS, TO_PEER, TO_PEERS, TO_UPLINK } from '../flows/pipeline/registers.ts'
import type { Rule } from '../flows/pipeline/rule.ts'
import {
  ADVERTISE,
  ANSWER,
  CLASSIFY,
  EGRESS,
  ENGINES,
  engineTables,
  GUARD,
  LEARNED,
  ROUTED,
  type Table,
  UNKNOWN,
} from '../flows/pipeline/tables.ts'
import { ENGINE_ALIASES } from '../src/engines/index.ts'
import { printFlow } from '../src/openflow/index.ts'
import { FIRST_KEY } from '../topology/ids.ts'

export interface Example {
  readonly title: string
  /** What the network looks like, in words. */
  readonly words: string
  readonly rules: readonly Rule[]
}

const row = (...cells: ReadonlyArray<string | number>): string => `| ${cells.join(' | ')} |`

function tables(): string[] {
  const engines = ENGINE_ALIASES.flatMap((alias, slot): Table[] => {
    const { forward, flood } = engineTables(slot)
    return [
      { number: forward, name: `forward (${alias})`, does: ENGINES.forward },
      { number: flood, name: `flood (${alias})`, does: ENGINES.flood },
    ]
  })
  return [
    row('table', 'name', 'does'),
    row('--:', '---', '---'),
    ...[CLASSIFY, GUARD, ANSWER, ADVERTISE, ...ROUTED, ...engines, LEARNED, UNKNOWN, EGRESS].map(
      ({ number, name, does }) => row(number, name, does),
    ),
  ]
}

function registers(): string[] {
  const bits = (offset: number, count: number) =>
    count === 32 ? '' : count === 1 ? `[${offset}]` : `[${offset}..${offset + count - 1}]`
  return [
    row('bits', 'name', 'tables', 'holds'),
    row('---', '---', '---', '---'),
    row(
      '`metadata`',
      'network',
      `${CLASSIFY.number}–${EGRESS.number}`,
      'key of the network; written by classify alone',
    ),
    ...SLOTS.map(({ field, offset, bits: count, name, lives, does }) =>
      row(`\`${field}${bits(offset, count)}\``, name, `${lives[0]}–${lives[1]}`, does),
    ),
  ]
}

/** One rule a line, and under it the reason that the API gives as `why`. */
const explained = ({ title, words, rules }: Example): string[] => [
  `### ${title}`,
  '',
  words,
  '',
  ...rules.flatMap((rule) => ['```', printFlow(rule), '```', `${rule.why} (object ${authorOf(rule.cookie)}).`, '']),
]

export function pipelinePage(examples: readonly Example[]): string {
  return [
    '<!-- Made by `npm run docs` from flows/*.ts: change those, not this. -->',
    '# The pipeline',
    '',
    'Every packet on `br-int` walks these tables in order, and only ever to a later one. What no rule of a table matches is',
    'dropped there: that is OpenFlow’s own default, and `fail_mode=secure` keeps it so when no controller is there.',
    '',
    ...tables(),
    '',
    `Each engine has ${ENGINES.perEngine} tables of its own between ${ENGINES.first} and ${ENGINES.last}.`,
    '',
    '## What travels with a packet',
    '',
    ...registers(),
    '',
    `Keys are 32-bit numbers from ${FIRST_KEY} on, given once and stored, so that a restart compiles the same rules. The targets`,
    `${TO_UPLINK} (uplink), ${TO_PEER} (one peer) and ${TO_PEERS} (all peers) are no keys.`,
    '',
    '## Cookies',
    '',
    `A rule of ours has the cookie \`0x${(OWNER_COOKIE >> 32n).toString(16)}\` ("plug") in its upper half and the key of the object that asked`,
    'for it in its lower half. Rules with another upper half are left alone, unless one stands in the very place of a rule of',
    'ours.',
    '',
    '## Rule by rule',
    '',
    ...examples.flatMap(explained),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n')
}
