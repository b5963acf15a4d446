import t from 'tap'
import { winnerOf } from '../../src/hypervisors/claim-winner.ts'
import { TakeoverLimit } from '../../src/hypervisors/takeover-limit.ts'
import type { Binding } from '../../topology/model.ts'
import { binding, hypervisorId, vnicId } from '../support/nodes.ts'

const [A, B, C] = [0, 1, 2].map(hypervisorId) as [Binding['hypervisor'], Binding['hypervisor'], Binding['hypervisor']]

/** @param states `ready`, `away` for a short while, `gone` for a long one */
function winner(holder: Binding['hypervisor'] | undefined, claims: readonly Binding[], states: readonly string[]) {
  const stateOf = (id: Binding['hypervisor']) => states[[A, B, C].indexOf(id)]
  const found = winnerOf(claims, holder, {
    isReady: (id) => stateOf(id) === 'ready',
    hasVanished: (id) => stateOf(id) === 'gone',
  })
  return found?.hypervisor ?? null
}
const all = [binding(0, 0), binding(0, 1), binding(0, 2)]

t.test('B04: among hypervisors with a switch that is ready, the newest claim wins', async (t) => {
  t.equal(winner(A, all, ['ready', 'ready', 'ready']), C)
  t.equal(winner(B, all.slice(0, 2), ['ready', 'ready']), B, 'the loser does not get it back')
  t.equal(winner(C, all.slice(0, 2), ['ready', 'ready']), B, 'the winner has gone')
  t.equal(winner(undefined, [], []), null)
})

t.test('B04, B51: a claim without a switch that is ready takes nothing', async (t) => {
  for (const state of ['away', 'gone']) {
    for (const holder of ['ready', 'away', 'gone']) {
      t.equal(winner(A, all.slice(0, 2), [holder, state]), A, `${state} against ${holder}`)
    }
  }
  t.equal(winner(A, all, ['ready', 'ready', 'gone']), B, 'the newest of those that are ready')
  t.equal(winner(undefined, all, ['gone', 'ready', 'away']), B, 'nobody has it: one that is ready')
  t.equal(winner(undefined, all, ['gone', 'gone', 'away']), C, 'nobody has it, and none is ready: the newest')
})

t.test('B51: a newer claim takes a VNIC at once, an older one only from a holder that has vanished', async (t) => {
  for (const state of ['ready', 'away', 'gone']) t.equal(winner(A, all.slice(0, 2), [state, 'ready']), B, state)
  t.equal(winner(B, all.slice(0, 2), ['ready', 'away']), B, 'the switch of the holder restarts')
  t.equal(winner(B, all.slice(0, 2), ['ready', 'gone']), A, 'what vanishes gives back')
  t.equal(winner(C, all, ['ready', 'ready', 'gone']), B, 'to the newest of them')
  t.equal(winner(C, all, ['ready', 'away', 'gone']), A, 'whose switch is ready')
})

t.test('B01, B04: a claim without a port number does not win against one that has', async (t) => {
  const states = ['ready', 'ready', 'ready']
  t.equal(winner(A, [binding(0, 0), binding(0, 1, null)], states), A)
  t.equal(winner(B, [binding(0, 0), binding(0, 1, null)], states), B, 'the loser does not gain by it')
  t.equal(winner(B, [binding(0, 1, null), binding(0, 2, null)], states), C, 'without port numbers, the newer one')
  t.equal(winner(undefined, [binding(0, 0), binding(0, 2, null)], states), A, 'nobody has it: one with a port number')
  t.equal(winner(B, [binding(0, 0, null), binding(0, 1)], ['ready', 'gone']), B, 'no number, no use')
})

t.test('B04: a VNIC changes hands a limited number of times', async (t) => {
  const clock = { time: 1, now: () => clock.time }
  const limit = new TakeoverLimit(clock)
  const id = vnicId(0)
  for (let count = 0; count < 5; count++) {
    t.equal(limit.waitsUntil(id), undefined)
    limit.count(id)
    clock.time += 10
  }
  t.equal(limit.waitsUntil(id), 10_001)
  t.equal(limit.waitsUntil(vnicId(1)), undefined, 'others are not concerned')
  clock.time = 10_002
  t.equal(limit.waitsUntil(id), undefined)
})
