/**
 * The stages do what they declare. Stages that break their declarations on purpose are detected. A new stage fits between the
 * others.
 */
import fc from 'fast-check'
import t from 'tap'
import { compileByStage, objectsOn, type Wanted } from '../../../flows/compile.ts'
import { uplinkFabric } from '../../../flows/fabrics/uplink-fabric.ts'
import { stageBreaches } from '../../../flows/pipeline/invariants.ts'
import { type Pipeline, pipelineOf } from '../../../flows/pipeline/pipeline.ts'
import { inDomain, is, type Register, SOURCE, set, TARGET } from '../../../flows/pipeline/registers.ts'
import { TO_CONTROLLER } from '../../../flows/pipeline/reply.ts'
import { type Rule, resubmit, rule } from '../../../flows/pipeline/rule.ts'
import { mayWrite, ruleBreaches, writtenBy } from '../../../flows/pipeline/rule-checks.ts'
import type { Path } from '../../../flows/pipeline/scope.ts'
import type { Stage } from '../../../flows/pipeline/stage.ts'
import { ANSWER, CLASSIFY, EGRESS } from '../../../flows/pipeline/table.ts'
import { PIPELINE } from '../../../flows/stages/assembled.ts'
import { printFlow } from '../../../src/openflow/index.ts'
import type { Key } from '../../../topology/ids.ts'
import { Incremental, scenario } from '../../laws/scenario.ts'
import { graphOf } from '../../support/cloud.ts'
import { BY_STAGE } from '../../support/examples.ts'
import { binding, ENGINES, hypervisor, hypervisorId, port, vlanNetwork, vnic } from '../../support/nodes.ts'

const { stages } = PIPELINE
const table = (number: number, name = `t${number}`) => ({ number, name, does: '' })
const register = (parts: Partial<Register>): Register => ({
  name: 'own',
  field: 'reg4',
  offset: 0,
  bits: 8,
  lives: [0, 60],
  holds: '',
  ...parts,
})
const meter = (id: number) => ({ id, unit: 'pktps', rate: 1, burst: 1 }) as const
const stage = (parts: Partial<Stage>): Stage => ({ name: 'new', does: '', ...parts })

t.test('the stages are right', async (t) => {
  t.strictSame(stageBreaches(stages), [])
  const names = stages.map(({ name }) => name)
  t.strictSame(
    names.slice(0, 7),
    ['classify', 'arrival', 'guard', 'answer', 'nat', 'forward', 'egress'],
    'sorted by table',
  )
})

t.test('wrong stages are detected, each with the reason', async (t) => {
  const wrong: ReadonlyArray<readonly [Partial<Stage>, string]> = [
    [{ name: 'guard' }, 'stages guard and guard both have the name guard'],
    [{ tables: [table(20)] }, 'stages answer and new both have table 20'],
    [{ tables: [table(58, 'answer')] }, 'stages answer and new both have a table called answer'],
    [{ tables: [table(61)] }, 'stage new has table 61, behind 60'],
    [{ tables: [table(42)] }, "stage new has table 42, which is one of the engines'"],
    [{ tables: [table(15), table(12)] }, 'stage new has table 12, before table 15 of stage new'],
    [{ tables: [table(15), table(22)] }, 'stage answer has table 20, before table 22 of stage new'],
    [{ rulesIn: [table(5)] }, 'stage new has rules in table 5, which no stage has'],
    [{ punts: [ANSWER] }, 'stages answer and new both have packets for the controller from table 20'],
    [{ registers: [register({ offset: 25 })] }, 'register own does not fit into reg4'],
    [{ registers: [register({ lives: [20, 10] })] }, 'register own lives backwards, from table 20 to 10'],
    [{ registers: [register({ field: 'reg2', offset: 1 })] }, 'registers from_wire and own overlap in reg2'],
    [{ registers: [register({ name: 'via' })] }, 'stages nat and new both have a register called via'],
    [{ writes: [SOURCE] }, 'stage new writes register source, which is not shared'],
    [{ writes: [register({})] }, 'stage new writes register own, which no stage has'],
    [{ meters: [{ name: 'm', slot: 4, limits: '' }] }, 'stage new has meter m in slot 4, of 4'],
    [{ meters: [{ name: 'm', slot: 2, limits: '' }] }, 'stages punt-limit and new both have meter slot 2'],
    [{ sharedMeter: meter(4) }, 'stage new has shared meter 4, which is not from 1 to 3'],
    [{ sharedMeter: meter(3) }, 'stages guard and new both have shared meter 3'],
    [{ fabrics: [uplinkFabric] }, 'stages classify and new both have the kind of fabric uplink'],
    [{ wishes: { framing: () => undefined } }, 'stages trunk and new both have the wish framing'],
  ]
  for (const [parts, words] of wrong)
    t.throws(() => pipelineOf([...stages, stage(parts)]), { message: new RegExp(`: .*${quoted(words)}`) }, words)
  const free = register({ field: 'reg3', lives: [0, 29] })
  t.ok(pipelineOf([...stages, stage({ registers: [free] })]), 'bits may be used again where they are free')
})

const quoted = (words: string) => words.replaceAll(/[.()]/g, '\\$&')

t.test('the rules of every stage agree with what it declares', async (t) => {
  const breaches = (wanted: readonly Wanted[]) =>
    wanted.flatMap(([stage, rules]) => rules.flatMap((rule) => ruleBreaches(PIPELINE, stage, rule)))
  t.strictSame(breaches(BY_STAGE), [])
  fc.assert(
    fc.property(scenario, (steps) => {
      const incremental = new Incremental()
      for (const step of steps) incremental.run(step)
      const { graph, ledgers } = incremental
      return [...ledgers.keys()].every((where) =>
        [...objectsOn(graph, where)].every(
          (object) =>
            breaches(compileByStage({ graph, engines: ENGINES, pipeline: PIPELINE }, where, object)).length === 0,
        ),
      )
    }),
    { numRuns: 25 },
  )
})

t.test('every stage that may write a register does, so the page of the pipeline shows all of them', async (t) => {
  const found = BY_STAGE.flatMap(([stage, rules]) => writtenBy(PIPELINE, stage, rules)).map(
    ({ register, writer }) => `${writer.name} writes ${register.name}`,
  )
  const declared = stages.flatMap((stage) =>
    stages
      .flatMap(({ registers = [] }) => registers)
      .filter((register) => mayWrite(stage, register))
      .map((register) => `${stage.name} writes ${register.name}`),
  )
  t.strictSame([...new Set(found)].sort(), declared.sort())
})

t.test('a rule that does not agree with the declaration of its stage is detected', async (t) => {
  const made = (parts: Partial<Parameters<typeof rule>[0]>): Rule =>
    rule({ table: 15, priority: 1, match: [], author: 20 as Key, why: 'a test', ...parts })
  const own = stage({ tables: [table(15)], registers: [register({ lives: [0, 10] })] })
  const pipeline = pipelineOf([...stages, own])
  const wrong: ReadonlyArray<readonly [Parameters<typeof made>[0], string]> = [
    [{ table: EGRESS.number }, 'table 60: it is not in rulesIn'],
    [{ actions: [set(SOURCE, 20)] }, 'stage new may not write register source'],
    [{ actions: [{ type: 'clone', actions: [set(TARGET, 20)] }] }, 'writes register target, which does not live in 15'],
    [{ actions: [{ type: 'set_field', field: 'reg5', value: 1 }] }, 'it writes bits that are no register'],
    [{ match: [is(TARGET, 20)] }, 'register target holds nothing there, and it matches it'],
    [{ match: [{ field: 'reg2', value: 1 }] }, 'it matches bits 0 to 31 of reg2, which are no register'],
    [{ actions: [resubmit(10)] }, 'action resubmit goes back to an earlier table'],
    [{ actions: [TO_CONTROLLER] }, 'it is not in punts'],
    [{ actions: [{ type: 'meter', meter: 43 }] }, 'it uses meter slot 3, which is not its own'],
    [{ actions: [{ type: 'meter', meter: 3 }] }, 'it uses meter 3, which is not its own'],
  ]
  for (const [parts, words] of wrong) {
    const breaches = ruleBreaches(pipeline, own, made(parts))
    t.ok(
      breaches.some((each) => each.includes(words)),
      `${words}: ${breaches}`,
    )
  }
  t.strictSame(ruleBreaches(pipeline, own, made({ match: [inDomain(20)], goto: 20 })), [])
})

const cloud = graphOf({
  hypervisors: [hypervisor(0)],
  networks: [vlanNetwork(1)],
  ports: [port(0, vlanNetwork(1)), port(1, vlanNetwork(1))],
  vnics: [vnic(0, 0), vnic(1, 1)],
  bindings: [binding(0, 0), binding(1, 0)],
})

const linesOf = (pipeline: Pipeline) =>
  [...objectsOn(cloud, hypervisorId(0))]
    .flatMap((object) => compileByStage({ graph: cloud, engines: ENGINES, pipeline }, hypervisorId(0), object))
    .flatMap(([, rules]) => rules.map(printFlow))
    .sort()

t.test('a new stage comes between two others without an edit of them', async (t) => {
  for (const [path, number, from, to] of [
    ['fromMember', 15, 10, 20],
    ['fromFabric', 22, 0, 30],
    ['toTarget', 58, 30, 60],
  ] as const satisfies ReadonlyArray<readonly [Path, ...number[]]>) {
    const between: Stage = stage({
      tables: [table(number)],
      entry: { [path]: () => number },
      domain: ({ domain, next }) => [
        rule({
          table: number,
          priority: 1,
          match: [inDomain(domain.key)],
          goto: next(path, number),
          author: domain.key,
          why: 'a test',
        }),
      ],
    })
    const pipeline = pipelineOf([...stages, between])
    const lines = linesOf(pipeline)
    const own = lines.filter((line) => line.includes(`table=${number},`))
    t.strictSame(own.length, 1, path)
    t.match(own[0], new RegExp(`goto_table:${to}$`), `${path}: the packet continues to the next stage`)
    const there = (line: string) => (from === 0 ? !line.includes('table=') : line.includes(`table=${from},`))
    const before = linesOf(PIPELINE).filter((line) => there(line) && moves(line, to))
    t.ok(before.length > 0)
    t.strictSame(
      lines.filter((line) => there(line) && moves(line, number)),
      before.map((line) => line.replaceAll(`:${to}`, `:${number}`).replaceAll(`(,${to})`, `(,${number})`)),
      `${path}: what went on there goes to it`,
    )
  }
})

const moves = (line: string, to: number) => line.includes(`goto_table:${to}`) || line.includes(`resubmit(,${to})`)

t.test('which stage a packet for the controller is for, and which tables switches fill', async (t) => {
  t.strictSame(
    [CLASSIFY.number, ANSWER.number, 27, 10].map((number) => PIPELINE.punting(number)),
    ['nat', 'answer', 'nat', undefined],
  )
  t.strictSame(
    [26, 56, 57].map((number) => PIPELINE.isLearned(number)),
    [true, true, false],
  )
})
