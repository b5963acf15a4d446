/** Effects of random commits agree with a comparison of the whole graph before and after. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Step } from '../../src/core/committed.ts'
import type { Draft } from '../../src/core/draft.ts'
import { type Effects, effectsOf } from '../../src/core/effects.ts'
import { hooksOf, type Subscriber } from '../../src/core/subscribers.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { HypervisorId, PortId, VnicId } from '../../topology/ids.ts'
import { scenario } from '../laws/scenario.ts'
import { graphOf } from '../support/cloud.ts'
import { binding, hypervisor, hypervisorId, port, portId, vlanNetwork, vnic, vnicId } from '../support/nodes.ts'

/** Copies of all nodes that effects can contain. */
const snapshot = (graph: Graph) => ({
  networks: new Map(graph.networks),
  ports: new Map(graph.ports),
  vnics: new Map(graph.vnics),
  bindings: new Map(graph.bindings),
})
type Snapshot = ReturnType<typeof snapshot>

function stepsOf(graph: Graph, changes: readonly Change[]): Step[] {
  return changes.map((change) => ({ change, undo: apply(graph, change) }))
}

/** The keys whose values differ. */
function differing<K, V>(one: ReadonlyMap<K, V>, other: ReadonlyMap<K, V>): K[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((key) => one.get(key) !== other.get(key))
}

/** The effects that follow from comparing both graphs, without the steps between them. */
function compared(before: Snapshot, after: Snapshot, graph: Graph) {
  const vnicOfPort = (id: PortId) => graph.vnicOf(id)?.id
  const upOrDown = differing(before.ports, after.ports).filter(
    (id) => before.ports.get(id)?.adminUp !== after.ports.get(id)?.adminUp,
  )
  const replugged = differing(before.vnics, after.vnics).filter(
    (id) => (before.vnics.get(id)?.portId ?? null) !== (after.vnics.get(id)?.portId ?? null),
  )
  const touched = new Set<VnicId | undefined>([
    ...replugged,
    ...differing(before.bindings, after.bindings),
    ...upOrDown.map(vnicOfPort),
  ])
  const moves = new Map<VnicId, { from: HypervisorId; to: HypervisorId }>()
  for (const [id, now] of after.bindings) {
    const was = before.bindings.get(id)
    if (!was?.ofport || !now.ofport || was.hypervisor === now.hypervisor || !after.vnics.get(id)?.portId) continue
    moves.set(id, { from: was.hypervisor, to: now.hypervisor })
  }
  return {
    touched,
    moves,
    destroyed: new Set([...before.vnics.keys()].filter((id) => !after.vnics.has(id))),
    migrations: new Set(
      [...after.vnics.values()]
        .filter(({ id, migratesTo }) => (before.vnics.get(id)?.migratesTo ?? null) !== migratesTo)
        .map(({ id }) => id),
    ),
    resources: new Set([
      ...differing(before.networks, after.networks),
      ...differing(before.ports, after.ports),
      ...differing(before.vnics, after.vnics),
    ]),
    sites: new Set(
      [...after.ports.values()]
        .filter(({ id, hypervisor, adminUp }) => hypervisor && (before.ports.get(id)?.adminUp ?? false) !== adminUp)
        .map(({ id }) => id),
    ),
  }
}

const ids = (some: Iterable<unknown>): unknown[] => [...some].sort()

function check(effects: Effects, before: Snapshot, graph: Graph, isOneList: boolean): void {
  const after = snapshot(graph)
  const expected = compared(before, after, graph)
  const touched = new Set<unknown>([...effects.vnics, ...effects.withdrawn])
  assert.deepEqual(ids(effects.moves), ids(expected.moves))
  assert.deepEqual(ids(effects.sites), ids(expected.sites))
  // Effects also name an object that changes and changes back within a commit, although nothing differs in the end.
  for (const id of expected.touched) assert.ok(id === undefined || touched.has(id), `VNIC ${id}`)
  for (const id of expected.migrations) assert.ok(effects.migrations.has(id), `migration of ${id}`)
  for (const id of expected.destroyed) assert.ok(effects.destroyed.has(id), `destroyed ${id}`)
  if (isOneList) {
    assert.deepEqual(ids(effects.migrations), ids(expected.migrations))
    for (const id of effects.arrivals)
      assert.equal(before.vnics.get(id)?.migratesTo, after.bindings.get(id)?.hypervisor, `${id} has arrived`)
  }
  for (const id of [...effects.vnics, ...effects.migrations]) assert.ok(after.vnics.has(id), `${id} is there`)
  for (const id of effects.withdrawn) assert.ok(!after.vnics.has(id), `${id} is gone`)
  const named = new Set(effects.resources.map(({ from, to }) => (to ?? from)?.id))
  for (const id of expected.resources) assert.ok(named.has(id), `resource ${id}`)
  for (const { kind, from, to } of effects.resources) {
    const id = (to ?? from)?.id
    const [was, is] = [before[`${kind}s`], after[`${kind}s`]] as ReadonlyArray<ReadonlyMap<unknown, unknown>>
    assert.equal(from, was?.get(id) ?? null)
    assert.equal(to, is?.get(id) ?? null)
  }
}

for (const [most, what] of [
  [1, 'of one operation'],
  [4, 'of several operations together'],
] as const) {
  t.test(`effects ${what} agree with the graph`, async (t) => {
    fc.assert(
      fc.property(scenario, (lists) => {
        const graph = new Graph()
        for (let start = 0; start < lists.length; start += most) {
          const before = snapshot(graph)
          const steps = stepsOf(graph, lists.slice(start, start + most).flat())
          check(effectsOf(graph, { steps, stale: new Map(), events: [] }), before, graph, most === 1)
        }
      }),
      { numRuns: 60 },
    )
    t.pass('on 60 random sequences')
  })
}

/** VNIC 0 in port 0 on hypervisor 0, about to migrate to hypervisor 1. */
const moving = () =>
  graphOf({
    hypervisors: [hypervisor(0), hypervisor(1)],
    networks: [vlanNetwork(0)],
    ports: [port(0, vlanNetwork(0)), port(1, vlanNetwork(0))],
    vnics: [vnic(0, 0, { migratesTo: hypervisorId(1) })],
    bindings: [binding(0, 0)],
  })

t.test('a migration that is complete is a move and an arrival', async (t) => {
  const graph = moving()
  const steps = stepsOf(graph, [
    { kind: 'vnic', id: vnicId(0), to: vnic(0, 0) },
    { kind: 'binding', id: vnicId(0), to: binding(0, 1) },
  ])
  const effects = effectsOf(graph, { steps, stale: new Map(), events: [] })
  t.same([...effects.moves], [[vnicId(0), { from: hypervisorId(0), to: hypervisorId(1) }]])
  t.same(
    [effects.arrivals, effects.migrations, effects.vnics].map((some) => [...some]),
    [[vnicId(0)], [vnicId(0)], [vnicId(0)]],
  )
  t.same(effects.withdrawn, new Set())
})

t.test('a VNIC that is destroyed while plugged in is withdrawn, and its port is named', async (t) => {
  const graph = moving()
  const effects = effectsOf(graph, {
    steps: stepsOf(graph, [{ kind: 'vnic', id: vnicId(0), to: null }]),
    stale: new Map(),
    events: [],
  })
  t.same(
    [effects.withdrawn, effects.destroyed, effects.ports].map((some) => [...some]),
    [[vnicId(0)], [vnicId(0)], [portId(0)]],
  )
  t.same([effects.vnics, effects.migrations], [new Set(), new Set()])
})

t.test('subscribers are called in their order, with one value for the whole commit', async (t) => {
  const graph = moving()
  const called: string[] = []
  const seen = new Set<Effects>()
  const note = (what: string, effects: Effects) => {
    called.push(what)
    seen.add(effects)
  }
  const subscriber = (name: string): Subscriber => ({
    settle: (_, effects) => note(`settle ${name}`, effects),
    committed: (effects, generations) => note(`committed ${name} ${generations.get(hypervisorId(0))}`, effects),
    failed: (effects) => note(`failed ${name}`, effects),
  })
  const handOut = (effects: Effects) => {
    note('handOut', effects)
    return new Map([[hypervisorId(0), 7]])
  }
  const hooks = hooksOf({ graph, handOut, subscribers: [subscriber('a'), {}, subscriber('b')] })
  const commit = { steps: stepsOf(graph, [{ kind: 'binding', id: vnicId(0), to: null }]), stale: new Map(), events: [] }
  hooks.settle({ graph } as unknown as Draft, commit)
  hooks.committed(commit)
  hooks.failed(commit)
  t.same(called, ['settle a', 'settle b', 'handOut', 'committed a 7', 'committed b 7', 'failed a', 'failed b'])
  t.equal(seen.size, 1)
})
