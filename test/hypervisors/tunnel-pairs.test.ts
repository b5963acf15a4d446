/** Which tunnels are watched, and which of them count as dead. */
import t from 'tap'
import type { ProbeState } from '../../src/hypervisors/probe-ports.ts'
import { choosePairs, MAX_WATCHED, type Pair, pairName, withOwnAddresses } from '../../src/hypervisors/tunnel-pairs.ts'
import { MAX_START_MS, TunnelVerdicts } from '../../src/hypervisors/tunnel-verdicts.ts'
import { hypervisorId } from '../support/nodes.ts'
import { run } from '../support/run.ts'

const pair = (one: number, other: number): Pair => ({
  one: hypervisorId(one),
  other: hypervisorId(other),
  role: 'tunnel:vxlan',
})
const name = (one: number, other: number) => pairName(pair(one, other))

/** A full mesh. */
const mesh = (count: number): Pair[] =>
  Array.from({ length: count }, (_, one) => one + 1).flatMap((one) =>
    Array.from({ length: count - one }, (_, at) => pair(one, one + 1 + at)),
  )
const NOTHING = { isFresh: () => false, isDead: () => false, lastChoice: () => 0 }
const watchedBy = (pairs: readonly Pair[], host: number) =>
  pairs.filter(({ one, other }) => [one, other].includes(hypervisorId(host))).length

t.test('B75: a hypervisor watches a limited number of tunnels at a time, and all of them in turn', async (t) => {
  const all = mesh(40)
  const last = new Map<string, number>()
  for (let turn = 1; turn <= 6; turn++) {
    const chosen = run(choosePairs(all, { ...NOTHING, lastChoice: (each) => last.get(each) ?? 0 }))
    for (let host = 1; host <= 40; host++) t.ok(watchedBy(chosen, host) <= MAX_WATCHED)
    for (const each of chosen) last.set(pairName(each), turn)
  }
  t.equal(last.size, all.length, 'each was watched')
})

t.test('B75: a tunnel stays for its turn, and dead ones leave room for others', async (t) => {
  const all = mesh(40)
  const first = new Set(run(choosePairs(all, NOTHING)).map(pairName))
  const second = run(choosePairs(all.toReversed(), { ...NOTHING, isFresh: (each) => first.has(each) })).map(pairName)
  t.ok([...first].every((each) => second.includes(each)))
  const dead = run(choosePairs(all, { ...NOTHING, isDead: (each) => each.includes(' hv1 ') }))
  t.equal(watchedBy(dead, 1), MAX_WATCHED)
  t.same(
    run(choosePairs(mesh(3), NOTHING))
      .map(pairName)
      .sort(),
    [name(1, 2), name(1, 3), name(2, 3)],
  )
})

const UP: ProbeState = { isUp: true, isSilent: false }
const BEGINS: ProbeState = { isUp: false, isSilent: false }
const SILENT: ProbeState = { isUp: false, isSilent: true }

function verdicts() {
  const its = new TunnelVerdicts()
  const say = (one: ProbeState | undefined, other: ProbeState | undefined) => {
    for (const [host, peer, state] of [
      [1, 2, one],
      [2, 1, other],
    ] as const) {
      its.note(hypervisorId(host), new Map(state ? [[`tunnel:vxlan hv${peer}`, state]] : []))
    }
  }
  const judge = (now: number) => {
    const again = its.judge([pair(1, 2)], new Set([name(1, 2)]), now)
    return { again, isDead: its.dead.has(name(1, 2)) }
  }
  return { its, say, judge }
}

t.test('B73: a tunnel is dead at once when an end falls silent, and lives again when both are up', async (t) => {
  const { say, judge } = verdicts()
  say(UP, UP)
  t.same(judge(0), { again: undefined, isDead: false })
  say(UP, SILENT)
  t.same(judge(10), { again: undefined, isDead: true })
  say(UP, BEGINS)
  t.same(judge(20).isDead, true)
  say(UP, UP)
  t.same(judge(30).isDead, false)
})

t.test('B75: a session that begins has time to come up', async (t) => {
  const { its, say, judge } = verdicts()
  say(BEGINS, undefined)
  t.same(judge(0), { again: undefined, isDead: false }, 'a port of its peer is not there yet, or cannot be')
  say(BEGINS, BEGINS)
  t.same(judge(0), { again: MAX_START_MS, isDead: false })
  t.same(judge(MAX_START_MS - 1).isDead, false)
  t.same(judge(MAX_START_MS).isDead, true, 'it never came up')
  say(UP, UP)
  t.same(judge(MAX_START_MS + 1).isDead, false)
  say(BEGINS, BEGINS)
  t.same(judge(10_000), { again: 10_000 + MAX_START_MS, isDead: false }, 'a switch has restarted')
  say(SILENT, BEGINS)
  its.restart(hypervisorId(2), 11_000)
  t.same(judge(11_000).isDead, false, 'its peer has heard nothing of it meanwhile')
  t.same(judge(11_000 + MAX_START_MS).isDead, true)
})

t.test('B95: an end without a port says nothing about the tunnel, and one that is away does', async (t) => {
  const { its, say, judge } = verdicts()
  say(UP, UP)
  judge(0)
  say(SILENT, undefined)
  t.same(judge(1), { again: undefined, isDead: false })
  its.forget(hypervisorId(2))
  t.equal(judge(2).isDead, false)
  t.equal(judge(2 + MAX_START_MS).isDead, true)
})

t.test('B95: hypervisors that share an address with a connected one are not watched', async (t) => {
  const pairs = [pair(1, 2), pair(1, 3), pair(2, 3)]
  const hosts = [1, 2, 3].map((n) => ({ id: hypervisorId(n), encapIp: `192.0.2.${Math.min(n, 2)}` }))
  const watched = (joined: readonly number[]) =>
    withOwnAddresses(pairs, hosts, (id) => joined.map(hypervisorId).includes(id)).map(pairName)
  t.same(watched([1, 3]), [name(1, 3)], 'hv2 is gone, and hv3 has its address')
  t.same(watched([1, 2, 3]), [])
  t.same(watched([1]), pairs.map(pairName))
})

t.test(
  'B75: the verdict on a tunnel that nobody uses is forgotten, and that on one that waits for its turn is not',
  async (t) => {
    const { its, say, judge } = verdicts()
    say(UP, UP)
    judge(0)
    say(SILENT, SILENT)
    judge(1)
    its.judge([], new Set([name(1, 2)]), 2)
    t.ok(its.dead.has(name(1, 2)))
    its.judge([], new Set(), 3)
    t.notOk(its.dead.has(name(1, 2)))
  },
)
