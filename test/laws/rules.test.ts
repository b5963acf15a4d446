/** Laws 1, 2, 3, 5 and 6 on random sequences of changes. */
import fc from 'fast-check'
import t from 'tap'
import type { Rule } from '../../flows/pipeline/rule.ts'
import { FakeTables, finish, isNothing, linesOf, observeAll } from '../../mininet/engine-kit/replay.ts'
import { parseFlow, printFlow, ruleBody, ruleKey } from '../../src/openflow/index.ts'
import type { Change } from '../../topology/change.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { addressed as scenario } from './addressed.ts'
import { fromScratch, Incremental } from './scenario.ts'

function replay(steps: ReadonlyArray<readonly Change[]>): Map<HypervisorId, string[]> {
  const incremental = new Incremental()
  const tables = new Map([...incremental.ledgers.keys()].map((where) => [where, new FakeTables()]))
  for (const step of steps) {
    incremental.run(step)
    for (const [where, table] of tables) table.take(incremental.flush(where))
  }
  return new Map([...tables].map(([where, table]) => [where, table.lines()]))
}

const scratch = (steps: ReadonlyArray<readonly Change[]>): Map<HypervisorId, string[]> => {
  const { graph } = run(steps)
  return new Map([...fromScratch(graph)].map(([where, rules]) => [where, linesOf(rules)]))
}

function run(steps: ReadonlyArray<readonly Change[]>): Incremental {
  const incremental = new Incremental()
  for (const step of steps) incremental.run(step)
  return incremental
}

t.test('law 1: incremental result = compile from scratch', async (t) => {
  let compared = 0
  fc.assert(
    fc.property(scenario, (steps) => {
      const wanted = scratch(steps)
      compared += [...wanted.values()].flat().length
      return JSON.stringify([...replay(steps)]) === JSON.stringify([...wanted])
    }),
    { numRuns: 1000 },
  )
  t.ok(compared > 10_000, `the scenarios made ${compared} rules to compare`)
})

t.test('law 2: the same state applied twice sends nothing', async (t) => {
  let rules = 0
  fc.assert(
    fc.property(scenario, (steps) => {
      const incremental = run(steps)
      for (const where of incremental.ledgers.keys()) incremental.flush(where)
      for (const step of steps.slice(-1)) incremental.run(step)
      const all = fromScratch(incremental.graph)
      for (const [where, ledger] of incremental.ledgers) {
        const again = finish(ledger.delta())
        observeAll(ledger, all.get(where) ?? [])
        rules += ledger.size
        if (!isNothing(again) || !isNothing(incremental.flush(where))) return false
      }
      return true
    }),
    { numRuns: 500 },
  )
  t.ok(rules > 5_000, `${rules} rules were there already`)
})

t.test('law 3: forward, squashed, split or with independent steps permuted: the same rules', async (t) => {
  let compared = 0
  fc.assert(
    fc.property(scenario, fc.infiniteStream(fc.nat()), (steps, random) => {
      const wanted = JSON.stringify([...scratch(steps)])
      const squashed = [...new Map(steps.flat().map((change) => [`${change.kind}/${change.id}`, change])).values()]
      const permuted = shuffle(squashed, random)
      const variants = [
        [steps.flat()],
        steps.flat().map((change) => [change]),
        [squashed],
        permuted.map((change) => [change]),
      ]
      compared += variants.length
      return variants.every((variant) => JSON.stringify([...replay(variant)]) === wanted)
    }),
    { numRuns: 500 },
  )
  t.equal(compared, 2000)
})

t.test('law 5: removing everything leaves no rule', async (t) => {
  let removed = 0
  fc.assert(
    fc.property(scenario, fc.infiniteStream(fc.nat()), (steps, random) => {
      const nodes = new Map(steps.flat().map((change) => [`${change.kind}/${change.id}`, change]))
      const removal = shuffle([...nodes.values()], random).map((change) => [{ ...change, to: null }])
      removed += [...scratch(steps).values()].flat().length
      return [...replay([...steps, ...removal]).values()].every((rules) => rules.length === 0)
    }),
    { numRuns: 500 },
  )
  t.ok(removed > 5_000, `${removed} rules were removed`)
})

t.test('law 6: every rule prints and parses back to itself', async (t) => {
  let printed = 0
  fc.assert(
    fc.property(scenario, (steps) => {
      const rules: Rule[] = [...fromScratch(run(steps).graph).values()].flat()
      printed += rules.length
      return rules.every((rule) => {
        const back = parseFlow(printFlow(rule))
        return ruleKey(back) === ruleKey(rule) && ruleBody(back) === ruleBody(rule) && back.cookie === rule.cookie
      })
    }),
    { numRuns: 500 },
  )
  t.ok(printed > 2_000, `${printed} rules were printed`)
})

function shuffle<T>(items: readonly T[], random: Iterator<number>): T[] {
  const left = [...items]
  const out: T[] = []
  while (left.length > 0) out.push(...left.splice((random.next().value ?? 0) % left.length, 1))
  return out
}
