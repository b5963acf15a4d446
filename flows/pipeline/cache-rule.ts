/**
 * The rule by which a switch forgets its cached decisions. Each packet meets it first. It looks at half of the bits of a packet's
 * mark (`pkt_mark`), and matches no valid frame. When it changes to other bits, Open vSwitch deletes each cached flow, because
 * the flow was made without looking at them.
 */
import type { Flow } from '../../src/openflow/index.ts'
import { type Rule, rule } from './rule.ts'
import { CLASSIFY } from './table.ts'
import { mixed } from './value-hash.ts'

/** No other rule of ours has this priority. */
const PRIORITY = 65_535
const MARK_BITS = 32
/** With half of all bits, no choice contains another one. So every other choice has bits that are new. */
const CHOSEN_BITS = MARK_BITS / 2
/** Only invalid frames have a group address as their source. So the rule drops no frame that anybody needs. */
const GROUP_BIT = 0x010000000000

/** @param seed 32 bits; each seed gives other bits, but for one pair of seeds in 600 million */
export const cacheRule = (seed: number, about: Pick<Rule, 'author' | 'why'>): Rule => {
  const bits = chosenBits(seed)
  const match = [
    { field: 'pkt_mark', value: bits, mask: bits },
    { field: 'eth_src', value: GROUP_BIT, mask: GROUP_BIT },
  ] as const
  return rule({ table: CLASSIFY.number, priority: PRIORITY, match, ...about })
}

export const isCacheRule = ({ table, priority, match }: Flow): boolean =>
  table === CLASSIFY.number && priority === PRIORITY && match.some(({ field }) => field === 'pkt_mark')

/** The same rule, but it looks at all other bits. */
export const inverted = ({ match, ...flow }: Flow): Flow => ({
  ...flow,
  match: match.map((one) => {
    if (one.field !== 'pkt_mark') return one
    const bits = ~Number(one.value) >>> 0
    return { field: one.field, value: bits, mask: bits }
  }),
})

/** An odd number with bits all over, so that the steps of a choice have little in common. */
const ODD = 0x9e3779b9

/** Half of the bits of a mark. Equal seeds give equal bits. */
function chosenBits(seed: number): number {
  const left = Array.from({ length: MARK_BITS }, (_, bit) => bit)
  let chosen = 0
  for (let count = 0; count < CHOSEN_BITS; count++) {
    const [bit = 0] = left.splice(mixed(seed + Math.imul(count, ODD)) % left.length, 1)
    chosen += 2 ** bit
  }
  return chosen
}
