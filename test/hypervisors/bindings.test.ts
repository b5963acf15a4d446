import t from 'tap'
import { BindingClaims } from '../../src/hypervisors/bindings.ts'
import type { Binding } from '../../topology/model.ts'
import { binding, hypervisorId, vnicId } from '../support/nodes.ts'

const [A, B, C] = [0, 1, 2].map(hypervisorId) as [Binding['hypervisor'], Binding['hypervisor'], Binding['hypervisor']]
const ID = vnicId(0)
const has = (where: number, ofport?: number | null) => new Map([[ID, binding(0, where, ofport)]])
const nothing = new Map<Binding['vnicId'], Binding>()

t.test(
  'B04: the newest claim wins, and the loser does not get the VNIC back by still having the interface',
  async (t) => {
    const claims = new BindingClaims()
    t.strictSame([...claims.update(A, has(0), { isFirst: true })], [ID])
    t.match(claims.winner(ID, undefined), { binding: { hypervisor: A } })
    t.strictSame([...claims.update(B, has(1))], [ID])
    t.match(claims.winner(ID, binding(0, 0)), { binding: { hypervisor: B } })
    t.strictSame([...claims.update(A, has(0))], [], 'the same claim again')
    t.match(claims.winner(ID, binding(0, 1)), { binding: { hypervisor: B } })
    claims.update(A, has(0, 77))
    t.match(claims.winner(ID, binding(0, 1)), { binding: { hypervisor: B } }, 'a new port number is no new claim')
  },
)

t.test(
  'B04: when the loser drops its interface the winner keeps the VNIC; when the winner does, the loser gets it',
  async (t) => {
    const claims = new BindingClaims()
    claims.update(A, has(0), { isFirst: true })
    claims.update(B, has(1))
    t.strictSame([...claims.update(A, nothing)], [ID])
    t.match(claims.winner(ID, binding(0, 1)), { binding: { hypervisor: B } })
    claims.update(A, has(0))
    t.match(claims.winner(ID, binding(0, 1)), { binding: { hypervisor: A } }, 'a new interface is a new claim')
    claims.update(A, nothing)
    t.match(claims.winner(ID, binding(0, 0)), { binding: { hypervisor: B } })
    claims.update(B, nothing)
    t.match(claims.winner(ID, binding(0, 1)), { binding: null })
  },
)

t.test('B35: after a restart the last known binding stands until its hypervisor connects', async (t) => {
  const claims = new BindingClaims()
  claims.remember(binding(0, 0))
  claims.update(B, has(1), { isFirst: true })
  t.match(claims.winner(ID, binding(0, 0)), { binding: { hypervisor: A } }, "B's first snapshot is no newer claim")
  claims.update(A, nothing, { isFirst: true })
  t.match(claims.winner(ID, binding(0, 0)), { binding: { hypervisor: B } }, "A's own snapshot takes it away")
})

t.test('B04: hypervisors that fight for a VNIC get a limited number of take-overs', async (t) => {
  const clock = { time: 1, now: () => clock.time }
  const claims = new BindingClaims(clock)
  claims.update(A, has(0), { isFirst: true })
  let now: Binding = binding(0, 0)
  let takeovers = 0
  const tryOnce = (where: 0 | 1) => {
    clock.time += 1
    claims.update(where ? B : A, nothing)
    claims.update(where ? B : A, has(where))
    const { binding: winner, isTakeover, waitsUntil = null } = claims.winner(ID, now)
    if (isTakeover) claims.countTakeover(ID)
    if (winner && winner.hypervisor !== now.hypervisor) takeovers += 1
    if (winner) now = winner
    return waitsUntil
  }
  let newerFrom: number | null = null
  for (let round = 0; round < 50; round++) newerFrom = tryOnce(round % 2 ? 0 : 1) ?? newerFrom
  t.ok(takeovers >= 1 && takeovers <= 5, `${takeovers} take-overs of 50`)
  t.ok(newerFrom !== null && newerFrom > 50, 'the decision contains the time of the next allowed take-over')
  clock.time = 20_000
  t.match(claims.winner(ID, now), {
    binding: { hypervisor: [A, B].find((id) => id !== now.hypervisor) ?? now.hypervisor },
  })
  t.strictSame([...claims.forget(C)], [])
})

t.test('a requested migration does not count as a take-over', async (t) => {
  const claims = new BindingClaims({ now: () => 1 })
  claims.update(A, has(0), { isFirst: true })
  for (let round = 0; round < 20; round++) {
    const [to, from] = round % 2 ? [0, 1] : [1, 0]
    claims.update(to ? B : A, nothing)
    claims.update(to ? B : A, has(to), { isExpected: () => true })
    t.match(claims.winner(ID, binding(0, from)), { binding: { hypervisor: to ? B : A }, isTakeover: false })
  }
})

t.test('B01: while a newer claim has to wait, changes of the holder’s interface are followed', async (t) => {
  const claims = new BindingClaims({ now: () => 1 })
  claims.update(A, has(0), { isFirst: true })
  for (let round = 0; round < 20; round++) {
    claims.update(B, nothing)
    claims.update(B, has(1))
    if (claims.winner(ID, binding(0, 0)).isTakeover) claims.countTakeover(ID)
  }
  claims.update(A, has(0, 77))
  t.match(claims.winner(ID, binding(0, 0)), { binding: { hypervisor: A, ofport: 77 }, waitsUntil: 10_001 })
})

t.test('B01, B04: a newer claim without a port number waits while the holder has one', async (t) => {
  const claims = new BindingClaims()
  claims.update(A, has(0))
  claims.update(B, has(1, null))
  t.match(claims.winner(ID, binding(0, 0)), { binding: { hypervisor: A } })
  claims.update(B, has(1, 5))
  t.match(claims.winner(ID, binding(0, 0)), { binding: { hypervisor: B, ofport: 5 } })
  claims.update(B, has(1, null))
  t.match(claims.winner(ID, binding(0, 1, 5)), { binding: { hypervisor: B } }, 'the loser does not win by this')
  claims.update(C, has(2, null))
  t.match(
    claims.winner(ID, binding(0, 1, null)),
    { binding: { hypervisor: C } },
    'without port numbers, the newer claim wins',
  )
  claims.update(C, nothing)
  t.match(claims.winner(ID, undefined), { binding: { hypervisor: A } }, 'no holder: the claim with a port number wins')
})

t.test('a claim of the target of a migration is new, even in the first snapshot after a restart', async (t) => {
  const claims = new BindingClaims()
  claims.remember(binding(0, 0))
  claims.update(A, has(0), { isFirst: true })
  claims.update(B, has(1), { isFirst: true, isExpected: (id) => id === ID })
  t.match(claims.winner(ID, binding(0, 0)), { binding: { hypervisor: B } })
})

t.test('a lost claim is remembered until its interface goes', async (t) => {
  const claims = new BindingClaims()
  claims.update(A, has(0))
  t.equal(claims.lost(ID, A, binding(0, 0)), undefined, 'the holder')
  claims.update(B, has(1, null))
  t.equal(claims.lost(ID, B, binding(0, 0)), undefined, 'a newer claim that waits for its port number')
  claims.update(B, has(1))
  t.match(claims.lost(ID, A, binding(0, 1)), { hypervisor: A })
  t.equal(claims.lost(ID, C, binding(0, 1)), undefined, 'a hypervisor that never claimed it')
  claims.update(A, nothing)
  t.equal(claims.lost(ID, A, binding(0, 1)), undefined)
})
