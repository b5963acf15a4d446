/**
 * The laws for an engine's rules, over random sequences of changes. Rules depend only on the current graph, not on its history or
 * on the clock. Rules disappear together with the objects that need them. Rules can be written as text.
 */

import { type EngineRules, isFault } from '../../flows/engines/engine-rules.ts'
import { CLASSIFY } from '../../flows/pipeline/table.ts'
import type { Engine } from '../../src/core/engine/engine.ts'
import { rulesOf } from '../../src/engines/engine-list.ts'
import { loadEngines } from '../../src/loaded-engines.ts'
import { parseFlow, printFlow, ruleBody, ruleKey } from '../../src/openflow/index.ts'
import type { Change } from '../../topology/change.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { Random } from '../random.ts'
import { Cloud, HYPERVISORS } from './cloud.ts'
import { absolute, type EngineUnderTest } from './description.ts'
import { FakeTables, finish, isNothing, linesOf, observeAll, Replay } from './replay.ts'
import { SETTINGS } from './settings.ts'

/** The number of sequences, and of changes in each sequence. */
const [SEQUENCES, HAPPENINGS] = [40, 40]

/**
 * Checks the laws. PLUGBOARD_SEED=<number> repeats a run.
 * @throws Error with the broken law and the seed
 */
export async function laws(test: EngineUnderTest): Promise<void> {
  const [loaded] = await loadEngines([absolute(test.engine)], SETTINGS)
  if (!loaded) throw new Error(`there is no engine ${JSON.stringify(test.engine)}`)
  const faults = new Set<string>()
  const engine = noting(loaded, faults)
  const random = new Random()
  const engines = rulesOf(new Map([[engine.alias, engine]]))
  let rules = 0
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    const cloud = await Cloud.furnished(engine, test, random)
    for (let n = 0; n < HAPPENINGS; n++) await cloud.happen(random)
    const replay = (steps: ReadonlyArray<readonly Change[]>) => run(new Replay(engines, HYPERVISORS), steps)
    const { tables, end } = replay(cloud.steps)
    const wanted = new Map([...end.fromScratch()].map(([where, all]) => [where, linesOf(all)]))
    const must = (law: string, holds: boolean) => {
      if (!holds) throw new Error(`engine "${engine.alias}": ${law} (PLUGBOARD_SEED=${random.seed} repeats it)`)
    }
    must('compiling only what changes make stale gives other rules than compiling everything', same(tables, wanted))
    must('a repeated change sends something', sendsNothing(end, cloud.steps.at(-1) ?? []))
    const last = [...new Map(cloud.steps.flat().map((change) => [`${change.kind}/${change.id}`, change])).values()]
    must('the order of changes matters', same(replay(shuffled(last, random).map((change) => [change])).tables, wanted))
    const all = [...end.fromScratch().values()].flat()
    // The rules of a port that is administratively down do not come from its engine.
    rules += all.filter(({ table }) => table !== CLASSIFY.number).length
    must('parsing the text of a rule gives another rule', all.every(isItsText))
    const removal = shuffled(last, random).map((change) => [{ ...change, to: null }])
    const { tables: left } = replay([...cloud.steps, ...removal])
    must(
      'rules remain when all objects are removed',
      [...left.values()].every((lines) => lines.length === 0),
    )
  }
  if (rules === 0)
    throw new Error(
      `engine "${engine.alias}" had no rules in ${SEQUENCES} clouds: ${faults.size > 0 ? `fabric() says ${[...faults].join('; ')}` : 'no VNIC was in a port of its own'}`,
    )
}

const MAX_FAULTS = 5

/** The same engine, which also notes the faults that `fabric` says. */
function noting(engine: Engine, faults: Set<string>): Engine {
  const { rules } = engine
  const fabric: EngineRules['fabric'] = (domain, here) => {
    const said = rules.fabric(domain, here)
    if (typeof said === 'object' && said !== null && isFault(said) && faults.size < MAX_FAULTS)
      faults.add(`${said.code}: ${said.message}`)
    return said
  }
  // The rules may be an instance of a class, so they are not copied.
  return { ...engine, rules: Object.create(rules, { fabric: { value: fabric, enumerable: true } }) as EngineRules }
}

type Tables = ReadonlyMap<HypervisorId, readonly string[]>

/** Sends every step to the switches, one after the other. @returns the final rules of the switches */
function run(end: Replay, steps: ReadonlyArray<readonly Change[]>): { tables: Tables; end: Replay } {
  const tables = new Map(HYPERVISORS.map((where) => [where, new FakeTables()]))
  for (const step of steps) {
    end.run(step)
    for (const [where, table] of tables) table.take(end.flush(where))
  }
  return { tables: new Map([...tables].map(([where, table]) => [where, table.lines()])), end }
}

function sendsNothing(end: Replay, step: readonly Change[]): boolean {
  end.run(step)
  const scratch = end.fromScratch()
  for (const [where, ledger] of end.ledgers) {
    const again = finish(ledger.delta())
    observeAll(ledger, scratch.get(where) ?? [])
    if (!isNothing(again) || !isNothing(end.flush(where))) return false
  }
  return true
}

function isItsText(rule: Parameters<typeof printFlow>[0]): boolean {
  const back = parseFlow(printFlow(rule))
  return ruleKey(back) === ruleKey(rule) && ruleBody(back) === ruleBody(rule) && back.cookie === rule.cookie
}

const same = (one: Tables, other: Tables): boolean => JSON.stringify([...one]) === JSON.stringify([...other])

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  const out: T[] = []
  while (left.length > 0) out.push(...left.splice(random.below(left.length), 1))
  return out
}
