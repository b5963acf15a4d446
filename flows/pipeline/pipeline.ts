/** The pipeline: the assembled stages, and what follows from all of them. */
import type { FabricKind } from './fabric-kind.ts'
import { stageBreaches } from './invariants.ts'
import type { Register } from './registers.ts'
import { PATHS, type Path, type Scope } from './scope.ts'
import type { Entry, Stage } from './stage.ts'
import { ENGINE_RANGE, LAST_TABLE } from './table.ts'
import { type AllWishes, allWishes } from './wishes.ts'

export interface Pipeline {
  readonly stages: readonly Stage[]
  readonly registers: readonly Register[]
  readonly wishes: AllWishes
  /** The kinds of ways to the fabric, by name. */
  readonly kinds: ReadonlyMap<string, FabricKind>
  /** See `Scope.next`. */
  next(scope: Scope, path: Path, from: number): number
  /** The stages that packets of a domain pass on a path, in order, each with the table at which packets enter it. */
  passed(scope: Scope, path: Path): ReadonlyArray<readonly [Stage, number]>
  /** Do switches make the rules of this table by themselves? */
  isLearned(table: number): boolean
  /** The name of the stage for packets that come to the controller from this table. */
  punting(table: number): string | undefined
}

/**
 * Assembles stages, sorted by their tables. Stages without tables come last.
 * @throws Error that lists everything that is wrong with them
 */
export function pipelineOf(all: readonly Stage[]): Pipeline {
  const stages = [...all].sort((a, b) => firstTable(a) - firstTable(b))
  const breaches = stageBreaches(stages)
  if (breaches.length > 0) throw new Error(`the pipeline is wrong: ${breaches.join('; ')}`)
  const entries = new Map<Path, ReadonlyArray<readonly [Stage, Entry]>>(
    PATHS.map((path) => [
      path,
      stages.flatMap((stage) => {
        const entry = stage.entry?.[path]
        return entry ? [[stage, entry] as const] : []
      }),
    ]),
  )
  const tables = stages.flatMap(({ tables = [] }) => tables)
  const learned = new Set(tables.filter(({ isLearned }) => isLearned).map(({ number }) => number))
  const punts = new Map(stages.flatMap(({ name, punts = [] }) => punts.map(({ number }) => [number, name] as const)))
  return {
    stages,
    registers: stages.flatMap(({ registers = [] }) => registers),
    wishes: allWishes(stages.flatMap(({ wishes }) => wishes ?? [])),
    kinds: new Map(stages.flatMap(({ fabrics = [] }) => fabrics.map((kind) => [kind.kind, kind] as const))),
    next(scope, path, from) {
      for (const [, entry] of entries.get(path) ?? []) {
        const table = entry(scope)
        if (table !== undefined && table > from) return table
      }
      throw new RangeError(`no stage takes packets of ${scope.domain.id} behind table ${from} (${path})`)
    },
    passed: (scope, path) =>
      (entries.get(path) ?? []).flatMap(([stage, entry]) => {
        const table = entry(scope)
        return table === undefined ? [] : [[stage, table] as const]
      }),
    isLearned: (table) => learned.has(table),
    punting: (table) => punts.get(table),
  }
}

const firstTable = ({ tables = [], hasEngineTables = false }: Stage): number =>
  Math.min(...tables.map(({ number }) => number), hasEngineTables ? ENGINE_RANGE.first : LAST_TABLE + 1)
