/** A graph in front of another one reads as if all changes were in one graph, and leaves the other one unchanged. */
import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { linesOf } from '../../mininet/engine-kit/replay.ts'
import type { Span } from '../../topology/addresses.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key, NetworkId } from '../../topology/ids.ts'
import { LayeredMap } from '../../topology/layered-map.ts'
import { LayeredSet } from '../../topology/layered-set.ts'
import type { Address } from '../../topology/model.ts'
import type { ReadonlyMultimap } from '../../topology/multimap.ts'
import { fromScratch, scenario } from '../laws/scenario.ts'
import { binding, hypervisorId, networkId, vnicId } from '../support/nodes.ts'

const sorted = <T>(all: Iterable<T>): T[] => [...all].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
const entriesOf = <K, V>(map: ReadonlyMap<K, V>) => {
  const entries = sorted(map)
  deepStrictEqual(entries.length, map.size)
  for (const [key, value] of entries) deepStrictEqual(map.get(key), value)
  return entries
}
const setsOf = <K, V>(map: ReadonlyMultimap<K, V>) => {
  const entries = sorted([...map.entries()].map(([key, values]) => [key, sorted(values)] as const))
  deepStrictEqual(entries.length, map.size)
  for (const [key, values] of entries) {
    deepStrictEqual(map.get(key).size, values.length)
    deepStrictEqual(values.every((value) => map.get(key).has(value)) && map.has(key), true)
  }
  return entries
}

/** Everything that a graph returns. */
function told(graph: GraphReader) {
  const networks = [...graph.networks.keys()].sort()
  const ports = [...graph.ports.keys()].sort()
  const hypervisors = [...graph.hypervisors.keys()].sort()
  return {
    nodes: [
      graph.networks,
      graph.ports,
      graph.vnics,
      graph.bindings,
      graph.contests,
      graph.hypervisors,
      graph.segments,
      graph.byKey,
    ].map((map) => entriesOf<unknown, unknown>(map)),
    sets: [
      graph.networksOfProject,
      graph.portsOfProject,
      graph.vnicsOfProject,
      graph.portsOfNetwork,
      graph.vnicsOnHypervisor,
      graph.contestsOf,
      graph.vnicsMigratingTo,
      graph.sitesOf,
      graph.segmentsHeldBy,
      graph.segmentParts,
      graph.portsOn,
    ].map((map) => setsOf<unknown, unknown>(map)),
    shared: sorted(graph.sharedNetworks),
    ofNetworks: networks.map((id) => [
      setsOf(graph.members(id)),
      setsOf(graph.unknownFlooders(id)),
      setsOf(graph.rateLimited(id)),
      setsOf(graph.carried(id)),
      sorted(graph.addresses.of(id)),
      graph.addresses.countOf(id),
    ]),
    ofHypervisors: hypervisors.map((id) => setsOf(graph.networksOn(id))),
    ofPorts: ports.map((id) => [
      graph.vnicOf(id),
      graph.carrierOf(id),
      graph.attachmentOf(id),
      graph.placement(id),
      [...graph.placesOf(id)],
    ]),
    rules: [...fromScratch(graph as Graph)].map(([where, rules]) => [where, linesOf(rules)]),
    hasIpv6Tunnels: graph.hasIpv6Tunnels,
  }
}

const below = (n: number) => fc.nat({ max: n - 1 })
const segment: fc.Arbitrary<Change> = fc
  .record({
    n: below(4),
    owner: fc.option(below(3)),
    holders: fc.subarray([0, 1]),
    part: fc.boolean(),
    gone: fc.boolean(),
  })
  .map(({ n, owner, holders, part, gone }) => {
    const id = `vxlan/${n}`
    const partOf = part ? 'vxlan/0' : null
    const to = { id, partOf, owner: owner as Key | null, holders: holders.map(hypervisorId), freed: 0 }
    return { kind: 'segment', id, to: gone ? null : to }
  })
const contest: fc.Arbitrary<Change> = fc
  .record({ n: below(4), where: fc.subarray([0, 1, 2]), gone: fc.boolean() })
  .map(({ n, where, gone }) => {
    const to = { vnicId: vnicId(n), claims: where.map((each) => binding(n, each)) }
    return { kind: 'contest', id: to.vnicId, to: gone ? null : to }
  })
const address: fc.Arbitrary<Change> = fc
  .record({ n: below(2), value: below(6), owner: fc.option(below(3)), freed: below(9), gone: fc.boolean() })
  .map(({ n, value, owner, freed, gone }) => {
    const id = `${networkId(n)}/ipv4/${value}`
    const to: Address = { id, networkId: networkId(n), pool: 'ipv4', value, owner: owner as Key | null, freed }
    return { kind: 'address', id, to: gone ? null : to }
  })
const changes = fc
  .tuple(
    scenario,
    fc.array(fc.array(fc.oneof(segment, contest, address), { maxLength: 4 }), { minLength: 60, maxLength: 60 }),
  )
  .map(([steps, more]) => steps.flatMap((step, n) => [...step, ...(more[n] ?? [])]))

t.test('layers of changes tell the same as one graph with all of them, and the graphs below stay', async () => {
  fc.assert(
    fc.property(
      changes,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (all, a, b) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)].map((part) => Math.floor(part * all.length)) as [
          number,
          number,
        ]
        const whole = new Graph()
        const undone = all.map((change) => apply(whole, change))
        const bottom = new Graph()
        for (const change of all.slice(0, first)) apply(bottom, change)
        const before = told(bottom)
        const middle = new Graph(bottom)
        for (const change of all.slice(first, second)) apply(middle, change)
        const between = told(middle)
        const top = new Graph(middle)
        const undo = all.slice(second).map((change) => apply(top, change))
        deepStrictEqual(told(top), told(whole))
        deepStrictEqual(undo, undone.slice(second))
        deepStrictEqual(told(middle), between)
        deepStrictEqual(told(bottom), before)
      },
    ),
    { numRuns: 100 },
  )
})

const SPANS: readonly Span[] = [
  { first: 1, last: 3 },
  { first: 5, last: 9 },
]

t.test('an address is chosen from a layer as from one graph', async () => {
  const step = fc.record({
    value: fc.option(fc.nat({ max: 10 })),
    to: fc.constantFrom('take', 'free', 'forget'),
    layer: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const whole = new Graph()
      let graph = new Graph()
      const network = 'n' as NetworkId
      const choose = (from: Graph) => from.addresses.pool(network, 'p').choose(SPANS, (value) => value === 2)
      for (const [n, { value, to, layer }] of steps.entries()) {
        if (layer) graph = new Graph(graph)
        const chosen = choose(whole)
        deepStrictEqual(choose(graph), chosen)
        const number = value ?? chosen
        if (number === undefined) continue
        const id = `n/p/${number}`
        const owner = to === 'take' ? (7 as Key) : null
        const node: Address = { id, networkId: network, pool: 'p', value: number, owner, freed: owner === null ? n : 0 }
        const change: Change = { kind: 'address', id, to: to === 'forget' ? null : node }
        apply(graph, change)
        apply(whole, change)
        deepStrictEqual(sorted(graph.addresses.ownedBy(7)), sorted(whole.addresses.ownedBy(7)))
      }
    }),
    { numRuns: 500 },
  )
})

t.test('a layered map and a layered set offer what a map and a set do', async (t) => {
  const map = new LayeredMap(
    new Map([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]),
  )
  map.set('b', 20).set('d', 4)
  t.equal(map.delete('a'), true)
  t.equal(map.delete('a'), false)
  t.strictSame(
    [...map],
    [
      ['b', 20],
      ['c', 3],
      ['d', 4],
    ],
  )
  t.strictSame([...map.keys()], ['b', 'c', 'd'])
  t.strictSame([...map.values()], [20, 3, 4])
  const seen: unknown[] = []
  map.forEach((value, key) => void seen.push([key, value]))
  t.strictSame(seen, [...map.entries()])
  t.equal(map.size, 3)
  const set = new LayeredSet(new Set(['a', 'b']))
  set.add('c').add('a')
  t.equal(set.delete('b'), true)
  t.equal(set.delete('b'), false)
  t.strictSame([...set], ['a', 'c'])
  t.strictSame([...set.keys()], ['a', 'c'])
  t.strictSame(
    [...set.entries()],
    [
      ['a', 'a'],
      ['c', 'c'],
    ],
  )
  set.add('b').forEach((value) => void seen.push(value))
  t.strictSame(seen.slice(-3), ['a', 'b', 'c'])
})
