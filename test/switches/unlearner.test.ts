/** What deleted rules have taught is deleted again, once the cached flows are gone that could put it back. */
import t, { type Test } from 'tap'
import { type Rule, rule } from '../../flows/pipeline/rule.ts'
import { learnSource } from '../../flows/stages/forward/learn-site.ts'
import { Timers } from '../../src/core/timers.ts'
import type { Message } from '../../src/openflow/index.ts'
import { Unlearner } from '../../src/switches/unlearner.ts'
import { vlanNetwork, wire } from '../support/nodes.ts'
import { stopClock } from '../support/stopped-clock.ts'

const site = wire(1, vlanNetwork(0), 0)
const teacher = rule({
  table: 10,
  priority: 1,
  match: [],
  actions: [learnSource(site)],
  author: site.key,
  why: 'frames of a site come here',
})
const plain = rule({ table: 10, priority: 2, match: [], author: site.key, why: 'nothing is learned' })

function switchWith(t: Test, now: readonly Rule[]) {
  const sent: Message[] = []
  const timers = new Timers()
  const ledger = { of: (key: number) => (key === site.key ? [...now] : []) }
  const session = { send: (message: Message) => void sent.push(message) }
  t.teardown(() => timers.clear())
  return { sent, timers, unlearner: new Unlearner({ session: session as never, ledger, timers }) }
}

t.test('what a deleted rule has taught is deleted twice, later', async (t) => {
  const clock = stopClock(t)
  const { sent, unlearner } = switchWith(t, [plain])
  unlearner.deleted([plain, teacher, teacher])
  t.same(sent, [])
  clock.tick(1_000)
  const cookie = (0x6c726e64n << 32n) | BigInt(site.key)
  t.match(sent, [
    { type: 'flow_mod', command: 'delete', table: 56, cookie, cookieMask: 0xffffffffffffffffn, match: [] },
  ])
  clock.tick(9_000)
  t.equal(sent.length, 2)
})

t.test('what a rule still teaches stays, and a rule that taught nothing costs nothing', async (t) => {
  const clock = stopClock(t)
  const { sent, unlearner } = switchWith(t, [teacher])
  unlearner.deleted([plain, teacher])
  clock.tick(10_000)
  t.same(sent, [])
})

t.test('nothing is sent after the connection has ended', async (t) => {
  const clock = stopClock(t)
  const { sent, timers, unlearner } = switchWith(t, [])
  unlearner.deleted([teacher])
  timers.clear()
  clock.tick(10_000)
  t.same(sent, [])
})
