/** Text of `multipath(…)`, `bundle(…)` and `bundle_load(…)` (ovs-actions(7)). */
import { BUNDLE_ALGORITHMS, HASH_FIELDS, type HashAction, MULTIPATH_ALGORITHMS } from '../actions/hash.ts'
import { bad, integer, list } from './numbers.ts'
import { oneOf } from './octets.ts'
import { parsePort, printPort } from './port-names.ts'
import { parseBits, printBits } from './subfields.ts'
import type { Parsers, Printers } from './text-row.ts'

type Bundle = Extract<HashAction, { type: 'bundle' }>

/** Parses `count` words, then `members:1,2` or `members:[1,2]`, or the older `slaves:1,2`. */
function parseMembers(text: string, count: number): { head: readonly string[]; members: readonly number[] } {
  const found = /^(.*?)(?:members|slaves):\s*(?:\[([^\]]*)\]|([^[\]]*))$/s.exec(text)
  if (!found) throw bad(text, 'expected members:… at the end')
  const [, head = '', bracketed, bare = ''] = found
  return { head: exactly(count, head), members: list(bracketed ?? bare).map(parsePort) }
}

function exactly(count: number, text: string): readonly string[] {
  const parts = list(text)
  if (parts.length !== count) throw bad(text, `expected ${count} words`)
  return parts
}

function bundleOf(head: readonly string[], members: readonly number[]): Bundle {
  const [fields = '', basis = '', algorithm = '', kind = ''] = head
  if (kind !== 'ofport') throw bad(kind, 'expected ofport, the only kind of members')
  return {
    type: 'bundle',
    fields: oneOf(HASH_FIELDS, fields),
    basis: integer(basis, 0xffff),
    algorithm: oneOf(BUNDLE_ALGORITHMS, algorithm),
    members,
  }
}

const printMembers = (members: readonly number[]): string => `members:${members.map(printPort).join(',')}`

export const HASH_PRINTERS: Printers<HashAction['type']> = {
  multipath: ({ fields, basis, algorithm, links, arg, dst }) =>
    `multipath(${fields},${basis},${algorithm},${links},${arg},${printBits(dst)})`,
  bundle: ({ fields, basis, algorithm, members }) =>
    `bundle(${fields},${basis},${algorithm},ofport,${printMembers(members)})`,
  bundle_load: ({ fields, basis, algorithm, members, dst }) =>
    `bundle_load(${fields},${basis},${algorithm},ofport,${printBits(dst)},${printMembers(members)})`,
}

export const HASH_PARSERS: Parsers = [
  [
    'multipath',
    (text) => {
      const [fields = '', basis = '', algorithm = '', links = '', arg = '', dst = ''] = exactly(6, text)
      return {
        type: 'multipath',
        fields: oneOf(HASH_FIELDS, fields),
        basis: integer(basis, 0xffff),
        algorithm: oneOf(MULTIPATH_ALGORITHMS, algorithm),
        links: atLeastOne(integer(links, 0x1_0000), links),
        arg: integer(arg),
        dst: parseBits(dst),
      }
    },
  ],
  [
    'bundle',
    (text) => {
      const { head, members } = parseMembers(text, 4)
      return bundleOf(head, members)
    },
  ],
  [
    'bundle_load',
    (text) => {
      const { head, members } = parseMembers(text, 5)
      return { ...bundleOf(head, members), type: 'bundle_load', dst: parseBits(head[4] ?? '') }
    },
  ],
]

function atLeastOne(value: number, text: string): number {
  if (value < 1) throw bad(text, 'expected at least one')
  return value
}
