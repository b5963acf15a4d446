/** `multipath(…)`, `bundle(…)`, `bundle_load(…)` (ovs-actions(7)). */
import { BUNDLE_ALGORITHMS, HASH_FIELDS, type HashAction, MULTIPATH_ALGORITHMS } from '../nicira/hash.ts'
import { printPort } from './names.ts'
import { bad, integer, words } from './numbers.ts'
import { oneOf } from './octets.ts'
import { parsePort } from './ports.ts'
import type { Parsers, Printers } from './row.ts'
import { parseBits, printBits } from './subfields.ts'

type Bundle = Extract<HashAction, { type: 'bundle' }>

/** `members:1,2`, or by the name that it had before: `slaves:1,2`. */
function parseMembers(text: string): { readonly head: string; readonly members: readonly number[] } {
  const found = /^(.*),(?:members|slaves):(.*)$/.exec(text)
  if (!found) throw bad(text, 'members:… is wanted at its end')
  const [, head = '', list = ''] = found
  return { head, members: list === '' ? [] : list.split(',').map(parsePort) }
}

function bundleOf(head: readonly string[], members: readonly number[]): Bundle {
  const [fields = '', basis = '', algorithm = '', kind = ''] = head
  if (kind !== 'ofport') throw bad(kind, 'ofport is the only kind of members')
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
      const [fields = '', basis = '', algorithm = '', links = '', arg = '', dst = ''] = words(text, 6)
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
      const { head, members } = parseMembers(text)
      return bundleOf(words(head, 4), members)
    },
  ],
  [
    'bundle_load',
    (text) => {
      const { head, members } = parseMembers(text)
      const [dst = '', ...rest] = words(head, 5).toReversed()
      return { ...bundleOf(rest.toReversed(), members), type: 'bundle_load', dst: parseBits(dst) }
    },
  ],
]

function atLeastOne(value: number, text: string): number {
  if (value < 1) throw bad(text, 'one at least')
  return value
}
