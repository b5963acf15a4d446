import t from 'tap'
import {
  is,
  SLOTS,
  set,
  TO_PEER,
  TO_PEERS,
  TO_UNKNOWN_FLOODING_PEERS,
  TO_UPLINK,
} from '../../../flows/pipeline/registers.ts'
import { rule } from '../../../flows/pipeline/rule.ts'
import { CLASSIFY, EGRESS, ENGINES, engineTables, GUARD, LEARNED, UNKNOWN } from '../../../flows/pipeline/tables.ts'
import { FIRST_KEY, type Key } from '../../../topology/ids.ts'

t.test('a slot stays in its register, and slots that live at once do not overlap', async (t) => {
  for (const slot of SLOTS) {
    t.ok(slot.offset >= 0 && slot.bits >= 1 && slot.offset + slot.bits <= 32, `${slot.name} fits`)
    t.ok(slot.lives[0] <= slot.lives[1], `${slot.name} lives forwards`)
  }
  for (const [index, one] of SLOTS.entries()) {
    for (const other of SLOTS.slice(index + 1)) {
      const meet = one.lives[0] <= other.lives[1] && other.lives[0] <= one.lives[1]
      const overlap = one.offset < other.offset + other.bits && other.offset < one.offset + one.bits
      t.notOk(one.field === other.field && meet && overlap, `${one.name} and ${other.name}`)
    }
  }
})

t.test('a value that does not fit its slot is no rule', async (t) => {
  const narrow = { name: 'narrow', field: 'reg2', offset: 4, bits: 3, lives: [0, 60], does: '' } as const
  t.strictSame(is(narrow, 5), { field: 'reg2', value: 0x50, mask: 0x70 })
  t.strictSame(set(narrow, 7), { type: 'set_field', field: 'reg2', value: 0x70, mask: 0x70 })
  t.throws(() => set(narrow, 8), { message: 'narrow has 3 bits: 8 does not fit' })
  t.throws(() => is(narrow, -1), RangeError)
})

t.test('targets of the pipeline are no keys', async (t) => {
  for (const target of [TO_UPLINK, TO_PEER, TO_PEERS, TO_UNKNOWN_FLOODING_PEERS]) t.ok(target > 0 && target < FIRST_KEY)
})

t.test('tables come in order, and a rule only goes to a later one', async (t) => {
  t.ok(CLASSIFY.number < GUARD.number && GUARD.number < ENGINES.first && ENGINES.last < LEARNED.number)
  t.ok(LEARNED.number < UNKNOWN.number && UNKNOWN.number < EGRESS.number)
  t.throws(() => engineTables(13), RangeError)
  t.strictSame(engineTables(12), { forward: 54, flood: 55 })
  const made = (goto: number) => rule({ table: 10, priority: 1, match: [], goto, author: 20 as Key, why: '' })
  t.equal(made(11).instructions.length, 1)
  t.throws(() => made(10), { message: 'a packet moves on only: table 10 cannot go to 10' })
})
