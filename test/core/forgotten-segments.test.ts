/** The segments and addresses that are kept after their last use are bounded. */
import t from 'tap'
import type { Draft } from '../../src/core/draft.ts'
import { effectsOf } from '../../src/core/effects.ts'
import { forgottenSegments } from '../../src/core/forgotten-segments.ts'
import { Pool } from '../../src/core/resources/segments.ts'
import { StepTaker } from '../../src/core/step-taker.ts'
import { FEATURES } from '../../src/features/feature-list.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { Key, NetworkId, PortId } from '../../topology/ids.ts'
import { hypervisorId } from '../support/nodes.ts'

/** A draft on a layer, and a way to put its changes into the graph below. */
function draftOn(below: Graph) {
  const graph = new Graph(below)
  const taker = new StepTaker(graph)
  let key = 1_000_000
  const draft: Draft = {
    graph,
    change: (change) => taker.take(change),
    nextKey: () => key++ as Key,
    tell: () => undefined,
  }
  const committed = { steps: taker.steps, stale: taker.stale, events: [] }
  return {
    draft,
    commit() {
      forgottenSegments.settle?.(draft, effectsOf(graph, committed))
      for (const { change } of taker.steps) apply(below, change)
    },
  }
}

const segment = (id: string, freed: number, holders: readonly number[] = []): Change => ({
  kind: 'segment',
  id,
  to: { id, partOf: null, owner: null, holders: holders.map(hypervisorId), freed },
})

t.test('B137: of many free segments, those that were freed longest ago are forgotten; held ones never', (t) => {
  const graph = new Graph()
  const free = (count: number, at: number) => {
    for (let n = 0; n < count; n++) {
      const { draft, commit } = draftOn(graph)
      draft.change(segment(`vxlan/${at + n}`, at + n))
      commit()
    }
  }
  apply(graph, segment('vxlan/1', 1, [0]))
  for (let vlan = 100; vlan < 4000; vlan++) apply(graph, segment(`vlan/physnet1/${vlan}`, vlan))
  for (let n = 0; n < 9000; n++) apply(graph, segment(`vxlan/${5000 + n}`, 5000 + n))
  free(1249, 14_000)
  t.equal(graph.freeSegments.get('vxlan').size, 10_249)
  free(1, 20_000)
  t.equal(graph.freeSegments.get('vxlan').size, 10_000)
  t.notOk(graph.segments.has('vxlan/5249'))
  t.ok(graph.segments.has('vxlan/5250'), 'the oldest 250 are gone')
  t.ok(graph.segments.has('vxlan/1'), 'hypervisors may still have rules for this one')
  t.equal(graph.freeSegments.get('vlan').size, 3900)
  const pool = new Pool('vxlan', [{ first: 1, last: 16_000 }])
  t.equal(pool.allocate(graph), 2, 'not the held one')
  t.equal(new Pool('vxlan', [{ first: 1, last: 1 }]).allocate(graph), undefined)
  t.equal(
    new Pool('vxlan', [{ first: 5000, last: 14_999 }]).allocate(graph),
    5000,
    'a forgotten one counts as never used',
  )
  t.end()
})

t.test('B137: of many addresses of a pool, those that were freed longest ago are forgotten', (t) => {
  const graph = new Graph()
  const networkId = 'n' as NetworkId
  const node = (value: number, owner: number | null, freed: number): Change => ({
    kind: 'address',
    id: `n/ipv4/${value}`,
    to: { id: `n/ipv4/${value}`, networkId, pool: 'ipv4', value, owner: owner as Key | null, freed },
  })
  for (let value = 0; value < 20_000; value++) apply(graph, node(value, null, value + 1))
  apply(graph, node(30_000, 7, 0))
  const { draft, commit } = draftOn(graph)
  const port = { id: 'p' as PortId, key: 7 }
  for (const { portChanged } of FEATURES) portChanged?.(draft, new Map(), port as never, null)
  commit()
  const pool = graph.addresses.pool('n', 'ipv4')
  t.equal(pool.size, 20_000)
  t.match(pool.get(30_000), { owner: null, freed: 1_000_000 })
  t.equal(pool.get(0), undefined)
  t.equal(pool.oldestFreed()?.value, 1)
  t.end()
})
