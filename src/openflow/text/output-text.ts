/** Text of output actions and of the other actions (ovs-actions(7)). */
import type { Action, StandardAction, UnknownAction } from '../actions/actions.ts'
import type { OtherAction } from '../actions/other-actions.ts'
import type { OutputAction } from '../actions/output-actions.ts'
import { PORT } from '../wire/port-numbers.ts'
import { WHOLE_PACKET } from './controller-text.ts'
import { hex, hexDigits } from './field-values.ts'
import { bad, bigInteger, integer, octets, words } from './numbers.ts'
import { keyValues, printOctets, refuseOthers } from './octets.ts'
import { parsePort, portName, portNamed, printPort } from './port-names.ts'
import { splitCommas } from './split-words.ts'
import { arrow, parseBit, parseBits, printBits, printSubfield } from './subfields.ts'
import type { Parsers, Printers } from './text-row.ts'

export const ALL_ONES = 0xffffffffffffffffn
const NO_TABLE = 0xff

function printOutput({ port, maxLen }: Extract<StandardAction, { type: 'output' }>): string {
  if (port === PORT.CONTROLLER) return `CONTROLLER:${maxLen ?? WHOLE_PACKET}`
  return portName(port) ?? `output:${printPort(port)}`
}

function printResubmit({ port, table = NO_TABLE, ct }: Extract<OutputAction, { type: 'resubmit' }>): string {
  const other = port === undefined || port === PORT.IN_PORT ? '' : printPort(port)
  if (other !== '' && table === NO_TABLE && !ct) return `resubmit:${other}`
  return `resubmit(${other},${table === NO_TABLE ? '' : table}${ct ? ',ct' : ''})`
}

/**
 * The note as a switch has it. An action is a multiple of 8 octets long, and 10 octets precede the note, so zeros are
 * added.
 */
function paddedNote(note: Uint8Array): Uint8Array {
  const padded = new Uint8Array(note.length + ((8 - ((10 + note.length) % 8)) % 8))
  padded.set(note)
  return padded
}

function printUnknown({ code, experimenter, body }: UnknownAction): string {
  const from = experimenter === undefined ? '' : `.${hexDigits(experimenter, 8)}`
  return `unknown(${hex(code)}${from},${printOctets(body)})`
}

export const printMetadata = ({ metadata, mask }: { readonly metadata: bigint; readonly mask: bigint }): string =>
  `write_metadata:${hex(metadata)}${mask === ALL_ONES ? '' : `/${hex(mask)}`}`

export function parseMetadata(text: string): { readonly metadata: bigint; readonly mask: bigint } {
  const [metadata = '', mask, ...more] = text.split('/')
  if (more.length > 0) throw bad(text, 'at most one mask is possible')
  return { metadata: bigInteger(metadata), mask: mask === undefined ? ALL_ONES : bigInteger(mask) }
}

type Types = OutputAction['type'] | OtherAction['type'] | 'output' | 'group' | 'set_queue' | 'meter' | 'unknown'

export const OUTPUT_PRINTERS: Printers<Types> = {
  output: printOutput,
  output_reg: (source) => `output:${printBits(source)}`,
  output_trunc: ({ port, maxLen }) => `output(port=${printPort(port)},max_len=${maxLen})`,
  check_pkt_larger: ({ length, ...bit }) => `check_pkt_larger(${length})->${printSubfield(bit, 1)}`,
  resubmit: printResubmit,
  group: ({ group }) => `group:${group}`,
  set_queue: ({ queue }) => `set_queue:${queue}`,
  meter: ({ meter }) => `meter:${meter}`,
  exit: () => 'exit',
  note: ({ note }) => `note:${printOctets(paddedNote(note), '.')}`,
  pop_queue: () => 'pop_queue',
  clone: ({ actions }, nested) => `clone(${nested.print(actions) || 'drop'})`,
  conjunction: ({ id, clause, clauses }) => `conjunction(${id},${clause}/${clauses})`,
  fin_timeout({ idleTimeout, hardTimeout }) {
    const parts = [idleTimeout ? `idle_timeout=${idleTimeout}` : '', hardTimeout ? `hard_timeout=${hardTimeout}` : '']
    return `fin_timeout(${parts.filter(Boolean).join(',')})`
  },
  write_metadata: printMetadata,
  unknown: printUnknown,
}

function parseOutput(text: string): Action {
  if (!text.includes('=')) {
    if (/^\d/.test(text) || portNamed(text) !== undefined) return { type: 'output', port: parsePort(text) }
    return { type: 'output_reg', ...parseBits(text), maxLen: WHOLE_PACKET }
  }
  const named = keyValues(splitCommas(text))
  refuseOthers(named.keys(), ['port', 'max_len'], text)
  return {
    type: 'output_trunc',
    port: parsePort(named.get('port') ?? ''),
    maxLen: integer(named.get('max_len') ?? ''),
  }
}

function parseResubmit(text: string): Action {
  const parts = text.split(',').map((part) => part.trim())
  const [inPort = '', table = '', ct] = parts
  if (parts.length > 3 || (ct !== undefined && ct !== 'ct')) throw bad(text, 'expected at most resubmit(port,table,ct)')
  const port = inPort === '' ? PORT.IN_PORT : parsePort(inPort)
  const hasTable = table !== '' && table !== String(NO_TABLE)
  // Without port and table it is refused, as ovs-ofctl does. But a switch may have such an action, which is printed as
  // `resubmit(,)`.
  const isPrinted = text !== '' && inPort === '' && table === ''
  if (port === PORT.IN_PORT && !hasTable && !isPrinted) throw bad(`resubmit(${text})`, 'expected a port or a table')
  return {
    type: 'resubmit',
    ...(inPort === '' ? {} : { port }),
    ...(hasTable ? { table: integer(table, 0xfe) } : {}),
    ...(ct === undefined ? {} : { ct: true }),
  }
}

function parseConjunction(text: string): Action {
  const found = /^(\w+),\s*(\d+)\/(\d+)$/.exec(text)
  if (!found) throw bad(text, 'expected conjunction(number,clause/clauses)')
  const [, id = '', clause = '', clauses = ''] = found
  const [one, all] = [integer(clause, 64), integer(clauses, 64)]
  if (one < 1 || one > all || all < 2) throw bad(text, 'expected a clause of 2 to 64')
  return { type: 'conjunction', id: integer(id), clause: one, clauses: all }
}

function parseTimeouts(text: string): Action {
  const named = keyValues(splitCommas(text))
  refuseOthers(named.keys(), ['idle_timeout', 'hard_timeout'], text)
  const seconds = (name: string): number => integer(named.has(name) ? (named.get(name) ?? '') : '0', 0xffff)
  const [idle, hard] = [seconds('idle_timeout'), seconds('hard_timeout')]
  return { type: 'fin_timeout', ...(idle ? { idleTimeout: idle } : {}), ...(hard ? { hardTimeout: hard } : {}) }
}

function parseUnknown(text: string): Action {
  const [code = '', body = ''] = words(text, 2)
  const [number = '', experimenter, ...more] = code.split('.')
  if (more.length > 0) throw bad(text, 'expected unknown(code.experimenter,octets)')
  const from = experimenter === undefined ? {} : { experimenter: integer(experimenter) }
  return { type: 'unknown', code: integer(number, 0xffff), ...from, body: octets(body) }
}

const plain = (type: 'exit' | 'pop_queue'): Parsers[number] => [
  type,
  (text) => {
    if (text !== '') throw bad(text, `${type} takes no arguments`)
    return { type }
  },
]

/** `enqueue:port:queue` of OpenFlow 1.0: sets the queue, outputs to the port, and restores the default queue. */
function parseEnqueue(text: string): Action[] {
  const [port, queue, ...more] = text.split(/[:,\s]+/)
  if (!port || !queue || more.length > 0) throw bad(text, 'expected enqueue(port,queue)')
  return [
    { type: 'set_queue', queue: integer(queue) },
    { type: 'output', port: parsePort(port) },
    { type: 'pop_queue' },
  ]
}

export const OUTPUT_PARSERS: Parsers = [
  ['enqueue', parseEnqueue],
  ['output', parseOutput],
  [
    'check_pkt_larger',
    (text) => {
      const [length, to] = arrow(text)
      return { type: 'check_pkt_larger', length: integer(length.replace(/\)$/, ''), 0xffff), ...parseBit(to) }
    },
  ],
  ['resubmit', parseResubmit],
  ['group', (text) => ({ type: 'group', group: integer(text) })],
  ['set_queue', (text) => ({ type: 'set_queue', queue: integer(text) })],
  ['meter', (text) => ({ type: 'meter', meter: integer(text) })],
  plain('exit'),
  plain('pop_queue'),
  ['note', (text) => ({ type: 'note', note: octets(text) })],
  ['clone', (text, nested) => ({ type: 'clone', actions: nested.parse(text) })],
  ['conjunction', parseConjunction],
  ['fin_timeout', parseTimeouts],
  ['write_metadata', (text) => ({ type: 'write_metadata', ...parseMetadata(text) })],
  ['unknown', parseUnknown],
]
