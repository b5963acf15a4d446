import t from 'tap'
import { Ledger } from '../../flows/diff.ts'
import { cookieOf } from '../../flows/pipeline/cookie.ts'
import { type Rule, rule } from '../../flows/pipeline/rule.ts'
import { finish } from '../../mininet/engine-kit/replay.ts'
import { type Flow, type Meter, printFlow } from '../../src/openflow/index.ts'
import type { Key } from '../../topology/ids.ts'

const author = (n: number) => n as Key
const to = (port: number, options: Partial<{ author: number; inPort: number }> = {}): Rule =>
  rule({
    table: 0,
    priority: 100,
    match: [{ field: 'in_port', value: options.inPort ?? 1 }],
    actions: [{ type: 'output', port }],
    author: author(options.author ?? 20),
    why: 'a test',
  })
const foreign = (flow: Flow): Flow => ({ ...flow, cookie: 0x1234n })

/** The difference to send, as lines. It counts as sent afterwards. */
function flush(ledger: Ledger) {
  const { put, drop, replaced, meters } = finish(ledger.delta())
  finish(ledger.sent())
  const told = [
    ...meters.put.map(({ command, spec }) => `${command} ${spec.id} ${spec.rate}`),
    ...meters.drop.map((id) => `delete ${id}`),
  ]
  return { put: put.map(printFlow), drop: drop.map(printFlow), replaced: replaced.map(printFlow), meters: told }
}
const NOTHING = { put: [], drop: [], replaced: [], meters: [] }

t.test('a rule is put once, changed in place, and dropped with its author', async (t) => {
  const ledger = new Ledger()
  ledger.replace(author(20), [to(2)])
  t.strictSame(flush(ledger), { ...NOTHING, put: [printFlow(to(2))] })
  ledger.replace(author(20), [to(2)])
  t.strictSame(flush(ledger), NOTHING, 'the same again')
  ledger.replace(author(20), [to(3)])
  t.strictSame(flush(ledger), { ...NOTHING, put: [printFlow(to(3))] }, 'an add replaces')
  ledger.replace(author(20), [])
  t.strictSame(flush(ledger), { ...NOTHING, drop: [printFlow(to(3))] })
  t.equal(ledger.size, 0)
})

t.test('a rule that moves from one author to another is put once, never dropped', async (t) => {
  const ledger = new Ledger()
  ledger.replace(author(20), [to(2)])
  flush(ledger)
  ledger.replace(author(21), [to(2, { author: 21 })])
  ledger.replace(author(20), [])
  t.strictSame(flush(ledger), { ...NOTHING, put: [printFlow(to(2, { author: 21 }))] })
})

t.test('of two authors with the same rule, the older one has it, in whatever order they were added', async (t) => {
  for (const order of [
    [20, 21],
    [21, 20],
  ]) {
    const ledger = new Ledger()
    for (const each of order) ledger.replace(author(each), [to(each, { author: each })])
    t.strictSame(flush(ledger).put, [printFlow(to(20, { author: 20 }))])
    ledger.replace(author(20), [])
    t.strictSame(flush(ledger).put, [printFlow(to(21, { author: 21 }))], 'the younger after it')
  }
})

t.test(
  'after a dump: our rules that are not desired are deleted; foreign rules stay unless they have the key of one of ours',
  async (t) => {
    const ledger = new Ledger()
    ledger.replace(author(20), [to(2), to(2, { inPort: 5 })])
    ledger.forget()
    ledger.observe(to(2))
    ledger.observe(to(9, { inPort: 7 }))
    ledger.observe(foreign(to(9, { inPort: 8 })))
    ledger.observe(foreign(to(9, { inPort: 5 })))
    t.strictSame(flush(ledger), {
      put: [printFlow(to(2, { inPort: 5 }))],
      drop: [printFlow(to(9, { inPort: 7 }))],
      replaced: [printFlow(foreign(to(9, { inPort: 5 })))],
      meters: [],
    })
    t.strictSame(flush(ledger), NOTHING)
  },
)

t.test('a rule of ours with the right body and a wrong cookie is put again', async (t) => {
  const ledger = new Ledger()
  ledger.replace(author(20), [to(2)])
  ledger.forget()
  ledger.observe({ ...to(2), cookie: cookieOf(author(99)) })
  t.strictSame(flush(ledger).put, [printFlow(to(2))])
})

/** A rule with meter 40 at this rate. */
const metered = (rate: number, by = 20): Rule => ({
  ...rule({
    table: 0,
    priority: 100,
    match: [{ field: 'in_port', value: 1 }],
    actions: [
      { type: 'meter', meter: 40 },
      { type: 'output', port: 2 },
    ],
    author: author(by),
    why: 'a test',
    meters: [{ id: 40, unit: 'kbps', rate, burst: 100 }],
  }),
})
const asSeen = (rate: number): Meter => ({ meter: 40, flags: 5, bands: [{ type: 'drop', rate, burst: 100 }] })

t.test('a meter is added with its rule, changed in place, and deleted with it', async (t) => {
  const ledger = new Ledger()
  ledger.replace(author(20), [metered(10)])
  t.strictSame(flush(ledger), { ...NOTHING, put: [printFlow(metered(10))], meters: ['add 40 10'] })
  ledger.replace(author(20), [metered(10)])
  t.strictSame(flush(ledger), NOTHING, 'the same again')
  ledger.replace(author(20), [metered(30)])
  t.strictSame(flush(ledger), { ...NOTHING, meters: ['modify 40 30'] }, 'the rule is the same')
  ledger.replace(author(20), [to(2)])
  t.strictSame(flush(ledger), { ...NOTHING, put: [printFlow(to(2))], meters: ['delete 40'] })
})

t.test('a meter that passes to another author is changed, never deleted', async (t) => {
  const ledger = new Ledger()
  ledger.replace(author(20), [metered(10)])
  flush(ledger)
  ledger.replace(author(21), [metered(30, 21)])
  ledger.replace(author(20), [])
  t.strictSame(flush(ledger).meters, ['modify 40 30'])
})

t.test(
  "after a dump: a lost meter's rule is put again; unused meters go, but not those of others' rules",
  async (t) => {
    const ledger = new Ledger()
    ledger.replace(author(20), [metered(10)])
    flush(ledger)
    ledger.forget()
    ledger.observe(metered(10))
    t.strictSame(flush(ledger), { ...NOTHING, put: [printFlow(metered(10))], meters: ['add 40 10'] })
    ledger.forget()
    ledger.observe(metered(10))
    ledger.meters.observe(asSeen(10))
    ledger.meters.observe({ ...asSeen(10), meter: 41 })
    ledger.meters.observe({ ...asSeen(10), meter: 42 })
    ledger.observe(
      foreign({
        ...to(9, { inPort: 8 }),
        instructions: [
          { type: 'apply_actions', actions: [{ type: 'clone', actions: [{ type: 'meter', meter: 42 }] }] },
        ],
      }),
    )
    t.strictSame(flush(ledger), { ...NOTHING, meters: ['delete 41'] })
    t.strictSame(flush(ledger), NOTHING)
  },
)

t.test('a rule that is kept keeps its meters as the switch has them', async (t) => {
  const ledger = new Ledger()
  ledger.replace(author(20), [metered(30)])
  ledger.forget()
  const { author: _, why, meters, ...seen } = metered(10)
  ledger.observe(seen)
  ledger.meters.observe(asSeen(10))
  ledger.replace(author(20), ledger.kept(author(20), 'kept'))
  t.strictSame(flush(ledger), NOTHING)
})

t.test('a conntrack zone is flushed when an author begins to use it, and not while its rules exist', async (t) => {
  const ledger = new Ledger()
  const tracked = (port: number, owner = 20) => ({ ...to(port, { author: owner }), zone: 7 })
  const zones = () => {
    const delta = finish(ledger.delta())
    finish(ledger.sent())
    return delta.zones
  }
  ledger.replace(author(20), [tracked(2), { ...tracked(2), table: 1 }])
  t.same(zones(), [7], 'once')
  ledger.replace(author(20), [tracked(3), { ...tracked(2), table: 1 }])
  t.same(zones(), [], 'a rule that changes keeps its connections')
  ledger.forget()
  for (const rule of [tracked(3), { ...tracked(2), table: 1 }]) ledger.observe(rule)
  t.same(zones(), [], 'after a reconnection, existing rules keep their connections')
  ledger.replace(author(20), [])
  ledger.replace(author(21), [tracked(3, 21)])
  t.same(zones(), [7], 'another owner begins without connections')
})
