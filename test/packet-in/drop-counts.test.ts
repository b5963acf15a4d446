/** How counters of switches add up to the counts of VNICs. */
import t from 'tap'
import { DropCounts } from '../../src/packet-in/drop-counts.ts'
import type { Key, VnicId } from '../../topology/ids.ts'

const VNIC = 'vnic' as VnicId
const [PORT, SUB_PORT, EMPTY] = [300 as Key, 301 as Key, 302 as Key] as const
const [HERE, THERE] = [1n, 2n] as const
const BEGIN = 1_000_000

/** The counts, and a read of a switch: for each port the packets, and when it began to count. */
function counting() {
  const counts = new DropCounts()
  const read = (at: bigint, ...counters: ReadonlyArray<readonly [Key, number, number?]>) => {
    const all = counters.map(([port, packets, sinceMs = BEGIN]) => ({ port, packets, sinceMs }))
    counts.note(at, all, (port) => (port === EMPTY ? undefined : VNIC))
    return counts.get(VNIC)
  }
  return { counts, read }
}

t.test('B77: nothing is counted until a frame was dropped', async (t) => {
  const { read } = counting()
  t.equal(read(HERE, [PORT, 0]), undefined)
  t.equal(read(HERE, [EMPTY, 5]), undefined, 'a port without a VNIC')
  t.strictSame(read(HERE, [PORT, 7]), { count: 7, sinceMs: BEGIN })
})

t.test('B77: a count grows with its counter, however often it is read', async (t) => {
  const { read } = counting()
  read(HERE, [PORT, 7])
  t.strictSame(read(HERE, [PORT, 7, BEGIN + 3]), { count: 7, sinceMs: BEGIN })
  t.strictSame(read(HERE, [PORT, 9, BEGIN - 3]), { count: 9, sinceMs: BEGIN })
})

t.test('B77: the ports of a trunk count together, since the first of them', async (t) => {
  const { read } = counting()
  t.strictSame(read(HERE, [PORT, 2, BEGIN + 5_000], [SUB_PORT, 3]), { count: 5, sinceMs: BEGIN })
})

t.test('B77: a counter that begins again takes nothing away', async (t) => {
  const { read } = counting()
  read(HERE, [PORT, 7])
  t.equal(read(HERE, [PORT, 2])?.count, 9, 'its count is lower')
  t.equal(read(HERE, [PORT, 12, BEGIN + 60_000])?.count, 21, 'its count is higher, and its rule is new')
  read(HERE)
  t.equal(read(HERE, [PORT, 12, BEGIN + 60_000])?.count, 33, 'its rule was away')
})

t.test('B77: a VNIC that moves keeps its count', async (t) => {
  const { read } = counting()
  read(HERE, [PORT, 7])
  t.strictSame(read(THERE, [PORT, 3, BEGIN + 60_000]), { count: 10, sinceMs: BEGIN })
  t.equal(read(HERE)?.count, 10)
  t.equal(read(THERE, [PORT, 4, BEGIN + 60_000])?.count, 11)
})

t.test('B77: a VNIC that is forgotten begins anew, with what is counted from then on', async (t) => {
  const { counts, read } = counting()
  read(HERE, [PORT, 7])
  counts.forget(VNIC)
  t.equal(read(HERE, [PORT, 7]), undefined)
  t.equal(read(HERE, [PORT, 8])?.count, 1)
})
