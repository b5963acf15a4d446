/**
 * Pools of addresses: first addresses that were never used, then the one that was freed longest ago, whatever the order of the
 * nodes.
 */
import fc from 'fast-check'
import t from 'tap'
import { isIn, type Span } from '../../topology/addresses.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { Key, NetworkId } from '../../topology/ids.ts'
import type { Address } from '../../topology/model.ts'

const NETWORK = 'network-1' as NetworkId
const SPANS: readonly Span[] = [
  { first: 10, last: 14 },
  { first: 20, last: 22 },
]
const kept = (value: number): boolean => value === 12

const node = (value: number, owner: number | null, freed: number): Address => ({
  id: `${NETWORK}/ipv4/${value}`,
  networkId: NETWORK,
  pool: 'ipv4',
  value,
  owner: owner as Key | null,
  freed,
})
const change = (value: number, to: Address | null): Change => ({ kind: 'address', id: `${NETWORK}/ipv4/${value}`, to })

/** The next address, found by looking at all addresses. */
function expected(nodes: ReadonlyMap<number, Address>): number | undefined {
  const all = SPANS.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n))
  const never = all.find((value) => !nodes.has(value) && !kept(value))
  const freed = [...nodes.values()].filter(({ owner, value }) => owner === null && isIn(SPANS, value) && !kept(value))
  return never ?? freed.sort((a, b) => a.freed - b.freed || a.value - b.value)[0]?.value
}

const step = fc.record({
  value: fc.integer({ min: 8, max: 24 }),
  owner: fc.option(fc.integer({ min: 1, max: 3 })),
  freed: fc.nat(5),
  gone: fc.nat(9).map((n) => n === 0),
  undone: fc.nat(3).map((n) => n === 0),
})

t.test('law: the next address depends only on the addresses in use', async (t) => {
  let freed = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), (steps) => {
      const graph = new Graph()
      const nodes = new Map<number, Address>()
      for (const { value, owner, freed: when, gone, undone } of steps) {
        const to = gone ? null : node(value, owner, owner === null ? when : 0)
        const undo = apply(graph, change(value, to))
        graph.addresses.pool(NETWORK, 'ipv4').choose(SPANS, kept)
        if (undone) apply(graph, undo)
        else if (to) nodes.set(value, to)
        else nodes.delete(value)
        const next = graph.addresses.pool(NETWORK, 'ipv4').choose(SPANS, kept)
        if (next !== expected(nodes)) return false
        if (next !== undefined && nodes.has(next)) freed += 1
        for (const key of [1, 2, 3]) {
          const owned = [...graph.addresses.ownedBy(key)].map((each) => each.value).sort((a, b) => a - b)
          const its = [...nodes.values()].filter((each) => each.owner === key).map((each) => each.value)
          if (JSON.stringify(owned) !== JSON.stringify(its.sort((a, b) => a - b))) return false
        }
      }
      for (const value of nodes.keys()) apply(graph, change(value, null))
      return [...graph.addresses.of(NETWORK)].length === 0
    }),
    { numRuns: 500 },
  )
  t.ok(freed > 100, `${freed} times a freed address was next`)
})

t.test('a pool of 65,536 is used up and used again without a look at all of it each time', async (t) => {
  const graph = new Graph()
  const spans = [{ first: 0, last: 0xffff }]
  let looks = 0
  const next = () =>
    graph.addresses.pool(NETWORK, 'ipv4').choose(spans, () => {
      looks += 1
      return false
    })
  for (let n = 0; n <= 0xffff; n++) apply(graph, change(n, node(next() ?? -1, 1, 0)))
  t.equal(next(), undefined)
  t.equal(looks, 0x10000)
  for (let n = 0; n <= 0xffff; n++) {
    // From the last address to the first.
    apply(graph, change(0xffff - n, node(0xffff - n, null, n + 1)))
  }
  for (let n = 0; n < 1_000; n++) {
    t.equal(next(), 0xffff - n)
    apply(graph, change(0xffff - n, node(0xffff - n, 1, 0)))
  }
  t.equal(looks, 0x10000 + 1_000)
})
