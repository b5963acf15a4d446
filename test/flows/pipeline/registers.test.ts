import t from 'tap'
import { is, set, TO_PEER, TO_PEERS, TO_UNKNOWN_FLOODING_PEERS, TO_UPLINK } from '../../../flows/pipeline/registers.ts'
import { rule } from '../../../flows/pipeline/rule.ts'
import { engineTables } from '../../../flows/pipeline/table.ts'
import { FIRST_KEY, type Key } from '../../../topology/ids.ts'

t.test('a value that does not fit its register makes no rule', async (t) => {
  const narrow = { name: 'narrow', field: 'reg2', offset: 4, bits: 3, lives: [0, 60], holds: '' } as const
  t.strictSame(is(narrow, 5), { field: 'reg2', value: 0x50, mask: 0x70 })
  t.strictSame(set(narrow, 7), { type: 'set_field', field: 'reg2', value: 0x70, mask: 0x70 })
  t.throws(() => set(narrow, 8), { message: 'narrow has 3 bits: 8 does not fit' })
  t.throws(() => is(narrow, -1), RangeError)
})

t.test('targets of the pipeline are no keys', async (t) => {
  for (const target of [TO_UPLINK, TO_PEER, TO_PEERS, TO_UNKNOWN_FLOODING_PEERS]) t.ok(target > 0 && target < FIRST_KEY)
})

t.test('engines have tables of their own, and a rule only goes to a later table', async (t) => {
  t.throws(() => engineTables(13), RangeError)
  t.strictSame(engineTables(12), { forward: 54, flood: 55 })
  const made = (goto: number) => rule({ table: 10, priority: 1, match: [], goto, author: 20 as Key, why: '' })
  t.equal(made(11).instructions.length, 1)
  t.throws(() => made(10), { message: 'a packet moves on only: table 10 cannot go to 10' })
})
