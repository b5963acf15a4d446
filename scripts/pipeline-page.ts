/** The docs page of the pipeline, computed from its stages and from the rules of examples. `npm run docs` writes it. */
import type { Wanted } from '../flows/compile.ts'
import { authorOf, OWNER_COOKIE } from '../flows/pipeline/cookie.ts'
import { type Register, TO_PEER, TO_PEERS, TO_UPLINK } from '../flows/pipeline/registers.ts'
import type { Rule } from '../flows/pipeline/rule.ts'
import { writtenBy } from '../flows/pipeline/rule-checks.ts'
import { ENGINE_RANGE, engineTables, type Table } from '../flows/pipeline/table.ts'
import { PIPELINE } from '../flows/stages/assembled.ts'
import { ENGINE_ALIASES } from '../src/engines/engine-list.ts'
import { printFlow } from '../src/openflow/index.ts'
import { FIRST_KEY } from '../topology/ids.ts'

export interface Example {
  readonly title: string
  /** A description of the example network, in words. */
  readonly words: string
  readonly rules: readonly Rule[]
}

const row = (...cells: ReadonlyArray<string | number>): string => `| ${cells.join(' | ')} |`

const ENGINE_TABLES = {
  forward:
    'Decides where a frame goes within its network: to the member or the peer with its destination address, or to all of them.',
  flood: 'Sends the copies of a flood that has too many for one rule.',
}

function tables(): string[] {
  const engines = ENGINE_ALIASES.flatMap((alias, slot): Table[] => {
    const { forward, flood } = engineTables(slot)
    return [
      { number: forward, name: `forward (${alias})`, does: ENGINE_TABLES.forward },
      { number: flood, name: `flood (${alias})`, does: ENGINE_TABLES.flood },
    ]
  })
  const all = PIPELINE.stages.flatMap(({ name, tables = [], hasEngineTables }) =>
    [...(hasEngineTables ? engines : []), ...tables].map((table) => ({ stage: name, ...table })),
  )
  return [
    row('table', 'name', 'stage', 'does'),
    row('--:', '---', '---', '---'),
    ...all.map(({ number, name, stage, does }) => row(number, name, stage, does)),
  ]
}

/** The purpose of each stage, and its rules in tables of other stages. */
const stages = (): string[] =>
  PIPELINE.stages.map(({ name, does, rulesIn = [], wishes = {} }) => {
    const elsewhere = rulesIn.map((table) => table.name)
    const wished = Object.keys(wishes).map((wish) => `\`${wish}\``)
    const words = [
      ...(elsewhere.length > 0 ? [`has rules in ${elsewhere.join(' and ')}, too`] : []),
      ...(wished.length > 0 ? [`adds ${wished.join(' and ')} to rules of other stages`] : []),
    ]
    return `- **${name}** ${[does, ...words].join('; ')}.`
  })

const bitsOf = ({ field, offset, bits }: Register): string => {
  if (bits === (field === 'metadata' ? 64 : 32)) return ''
  return bits === 1 ? `[${offset}]` : `[${offset}..${offset + bits - 1}]`
}

/** The stages that write a register in the examples, and the tables in which they do. */
function writersOf(register: Register, wanted: readonly Wanted[]): string {
  const writers = new Map<string, Set<number>>()
  for (const [stage, rules] of wanted) {
    for (const write of writtenBy(PIPELINE, stage, rules)) {
      if (write.register !== register) continue
      writers.set(write.writer.name, (writers.get(write.writer.name) ?? new Set()).add(write.table))
    }
  }
  return PIPELINE.stages
    .flatMap(({ name }) => {
      const found = [...(writers.get(name) ?? [])].sort((a, b) => a - b)
      return found.length === 0 ? [] : [`${name} in ${found.join(', ')}`]
    })
    .join('; ')
}

const registers = (wanted: readonly Wanted[]): string[] => [
  row('bits', 'name', 'stage', 'tables', 'holds', 'written by'),
  row('---', '---', '---', '---', '---', '---'),
  ...PIPELINE.stages.flatMap(({ name: stage, registers = [] }) =>
    registers.map((register) => {
      const { field, name, lives, holds } = register
      const writers = writersOf(register, wanted)
      return row(`\`${field}${bitsOf(register)}\``, name, stage, `${lives[0]}–${lives[1]}`, holds, writers)
    }),
  ),
]

const sharedMeters = (): string[] =>
  PIPELINE.stages.flatMap(({ name, sharedMeter }) =>
    sharedMeter ? [`All VNICs of a switch share the meter ${sharedMeter.id} of stage ${name}.`] : [],
  )

const meters = (): string[] => [
  row('slot', 'name', 'stage', 'limits'),
  row('--:', '---', '---', '---'),
  ...PIPELINE.stages
    .flatMap(({ name: stage, meters = [] }) => meters.map((meter) => ({ stage, ...meter })))
    .sort((a, b) => a.slot - b.slot)
    .map(({ slot, name, stage, limits }) => row(slot, name, stage, limits)),
]

/** One rule a line, followed by the reason that the API shows as `why`. */
const explained = ({ title, words, rules }: Example): string[] => [
  `### ${title}`,
  '',
  words,
  '',
  ...rules.flatMap((rule) => ['```', printFlow(rule), '```', `${rule.why} (object ${authorOf(rule.cookie)}).`, '']),
]

/**
 * @param examples the examples whose rules the page shows one by one
 * @param wanted rules by stage, from which the page shows who writes a register
 */
export function pipelinePage(examples: readonly Example[], wanted: readonly Wanted[]): string {
  return [
    '<!-- Made by `npm run docs` from flows/stages and flows/pipeline: change those, not this. -->',
    '# The pipeline',
    '',
    'Every packet on `br-int` passes these tables in order, and only moves to later ones. A packet that no rule of a table',
    'matches is dropped there. That is the default of OpenFlow, and `fail_mode=secure` keeps it when no controller is connected.',
    '',
    ...tables(),
    '',
    `Each engine has ${ENGINE_RANGE.perEngine} tables of its own between ${ENGINE_RANGE.first} and ${ENGINE_RANGE.last}.`,
    '',
    '## Stages',
    '',
    'The tables belong to stages, which have a folder each under [flows/stages](../flows/stages). After a stage, a packet goes to',
    'the first later table at which a stage takes packets of its network.',
    '',
    ...stages(),
    '',
    '## What travels with a packet',
    '',
    'Each register belongs to a stage. Other stages may write it only if it is shared and they declare that. The last column',
    'shows the stages whose rules write it in the examples.',
    '',
    ...registers(wanted),
    '',
    `Keys are 32-bit numbers from ${FIRST_KEY} on. A key is given once and stored, so a restart compiles the same rules. The targets`,
    `${TO_UPLINK} (uplink), ${TO_PEER} (one peer) and ${TO_PEERS} (all peers) are not keys. For a frame that it sends for a port, the controller itself sets network,`,
    'source and target. Then the frame continues as if stages had set them.',
    '',
    '## Meters',
    '',
    'Each VNIC has its own meters on its switch. The number of a meter is four times the OpenFlow port of the interface, plus the',
    'slot.',
    '',
    ...meters(),
    '',
    ...sharedMeters(),
    '',
    '## Cookies',
    '',
    `A rule of Plugboard has the cookie \`0x${(OWNER_COOKIE >> 32n).toString(16)}\` ("plug") in the upper half, and the key of the object that asked`,
    'for it in the lower half. Plugboard leaves other rules alone, unless one has the same table, priority and match as a rule of',
    'Plugboard.',
    '',
    '## Rule by rule',
    '',
    ...examples.flatMap(explained),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n')
}
