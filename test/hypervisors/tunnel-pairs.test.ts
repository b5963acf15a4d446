/** Which tunnels are watched, and which of them count as dead. */
import t from 'tap'
import type { ProbeState } from '../../src/hypervisors/probe-ports.ts'
import {
  type Choice,
  choosePairs,
  type End,
  MAX_WATCHED,
  type Pair,
  pairName,
  withOwnAddress,
} from '../../src/hypervisors/tunnel-pairs.ts'
import { MAX_START_MS, TunnelVerdicts } from '../../src/hypervisors/tunnel-verdicts.ts'
import { hypervisor, hypervisorId } from '../support/nodes.ts'
import { run } from '../support/run.ts'

const pair = (one: number, other: number): Pair => ({
  one: hypervisorId(one),
  other: hypervisorId(other),
  role: 'tunnel:vxlan',
})
const name = (one: number, other: number) => pairName(pair(one, other))

/** The members of a network. */
const network = (...hosts: number[]): End[] =>
  hosts.map((n) => ({ host: hypervisor(n, { encapIp: `192.0.${n >> 8}.${n & 255}` }), role: 'tunnel:vxlan' }))
const hosts = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1)
const NOTHING: Choice = { fresh: [], dead: [], turn: 0, canWatch: () => true }
const choose = (networks: readonly End[][], choice: Partial<Choice> = {}) =>
  run(choosePairs(networks, { ...NOTHING, ...choice }))
const watchedBy = (pairs: ReadonlyMap<string, Pair>, host: number) =>
  [...pairs.values()].filter(({ one, other }) => [one, other].includes(hypervisorId(host))).length

t.test('B75: a hypervisor watches a limited number of tunnels at a time, and all of them in turn', async (t) => {
  for (const count of [2, 3, 16, 17, 18, 40, 41]) {
    const seen = new Set<string>()
    for (let turn = 0; turn < Math.ceil(count / MAX_WATCHED); turn++) {
      const chosen = choose([network(...hosts(count))], { turn })
      for (const host of hosts(count)) t.ok(watchedBy(chosen, host) <= MAX_WATCHED)
      for (const name of chosen.keys()) seen.add(name)
    }
    t.equal(seen.size, (count * (count - 1)) / 2, `each tunnel between ${count} hypervisors was watched`)
  }
})

t.test('B75: the work grows with the hypervisors, not with the tunnels between them', async (t) => {
  const count = 650
  let steps = 0
  for (const _ of choosePairs([network(...hosts(count))], NOTHING)) steps += 1
  t.equal(steps, (count * MAX_WATCHED) / 2)
})

t.test('B75: networks share what a hypervisor can watch', async (t) => {
  // hv1 shares a small network with each of 40 others.
  const small = hosts(40).map((n) => network(1, n + 1))
  t.equal(watchedBy(choose(small), 1), MAX_WATCHED)
  t.same([...choose(small.toReversed()).keys()].slice(0, 2), [name(1, 41), name(1, 40)])
  t.same([...choose([network(1, 2), network(1, 2, 3)]).keys()].sort(), [name(1, 2), name(1, 3), name(2, 3)])
})

t.test('B75: a tunnel stays for its time, and dead ones leave room for others', async (t) => {
  const all = [network(...hosts(40))]
  const first = choose(all)
  const second = choose(all, { turn: 1, fresh: first.values() })
  t.same([...second.keys()], [...first.keys()])
  const dead = hosts(39).map((n) => pair(1, n + 1))
  const chosen = choose(all, { dead })
  t.equal(watchedBy(chosen, 1), MAX_WATCHED)
  t.same(
    dead.slice(0, 9).map((each) => chosen.has(pairName(each))),
    [...Array.from({ length: 8 }, () => true), false],
    'those that were chosen longest ago',
  )
  t.notOk(choose(all, { canWatch: ({ one }) => one !== hypervisorId(1) }).has(name(1, 2)))
})

t.test('B75: dead tunnels take turns, too', async (t) => {
  const its = new TunnelVerdicts()
  its.note(hypervisorId(1), new Map([2, 3, 4].map((n) => [`tunnel:vxlan hv${n}`, SILENT])))
  const pairs = [2, 3, 4].map((n) => pair(1, n))
  its.judge(pairs, 0)
  its.judge(pairs, MAX_START_MS)
  its.putLast(new Map([[name(1, 2), pair(1, 2)]]))
  t.same([...its.dead.keys()], [name(1, 3), name(1, 4), name(1, 2)])
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
    const again = its.judge([pair(1, 2)], now)
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
  const hosts = [1, 2, 3].map((n) => ({ id: hypervisorId(n), encapIp: `192.0.2.${Math.min(n, 2)}` }))
  const alone = (joined: readonly number[]) => {
    const isAlone = withOwnAddress(hosts, (id) => joined.map(hypervisorId).includes(id))
    return [1, 2, 3].filter((n) => isAlone(hypervisorId(n)))
  }
  t.same(alone([1, 3]), [1, 3], 'hv2 is gone, and hv3 has its address')
  t.same(alone([1, 2, 3]), [1])
  t.same(alone([1]), [1, 2, 3])
})

t.test(
  'B75: the verdict on a tunnel that nobody uses is forgotten, and that on one that waits for its turn is not',
  async (t) => {
    const { its, say, judge } = verdicts()
    say(UP, UP)
    judge(0)
    say(SILENT, SILENT)
    judge(1)
    its.judge([], 2)
    run(its.forgetOthers(() => true))
    t.ok(its.dead.has(name(1, 2)))
    run(its.forgetOthers(() => false))
    t.notOk(its.dead.has(name(1, 2)))
  },
)
