/**
 * What must always be true of the stages. It is checked once, when the pipeline is assembled. `rule-checks.ts` checks the rules
 * of the stages against what the stages declare.
 */
import type { Register } from './registers.ts'
import type { Stage } from './stage.ts'
import { ENGINE_RANGE, isEngineTable, LAST_TABLE } from './table.ts'
import { METERS_PER_VNIC } from './vnic-meter.ts'

/** What is wrong, in words; an empty list if nothing is. @param stages sorted by their tables */
export function stageBreaches(stages: readonly Stage[]): string[] {
  return [...twice(stages), ...tables(stages), ...registers(stages), ...writes(stages), ...meters(stages)]
}

/** What only one stage may have. */
function twice(stages: readonly Stage[]): string[] {
  const all = <T>(what: string, of: (stage: Stage) => readonly T[]): string[] => {
    const owners = new Map<T, string>()
    return stages.flatMap((stage) =>
      of(stage).flatMap((each) => {
        const owner = owners.get(each)
        owners.set(each, stage.name)
        return owner === undefined ? [] : [`stages ${owner} and ${stage.name} both have ${what} ${each}`]
      }),
    )
  }
  return [
    ...all('the name', ({ name }) => [name]),
    ...all('table', ({ tables = [] }) => tables.map(({ number }) => number)),
    ...all('a table called', ({ tables = [] }) => tables.map(({ name }) => name)),
    ...all('a register called', ({ registers = [] }) => registers.map(({ name }) => name)),
    ...all('packets for the controller from table', ({ punts = [] }) => punts.map(({ number }) => number)),
    ...all('meter slot', ({ meters = [] }) => meters.map(({ slot }) => slot)),
    ...all('shared meter', ({ sharedMeter }) => (sharedMeter ? [sharedMeter.id] : [])),
    ...all('the kind of fabric', ({ fabrics = [] }) => fabrics.map(({ kind }) => kind)),
    ...all('the wish', ({ wishes }) => (wishes?.framing ? ['framing'] : [])),
    ...all("the engines' tables", ({ hasEngineTables }) => (hasEngineTables ? [''] : [])),
  ]
}

/** Packets only move to later tables, so the tables of a stage come after those of the stages before it. */
function tables(stages: readonly Stage[]): string[] {
  let [last, owner] = [-1, 'nobody']
  return stages.flatMap(({ name, tables: own = [], hasEngineTables, rulesIn = [], punts = [] }) => {
    const found: string[] = []
    const numbers = own.map(({ number }) => number)
    for (const number of numbers) {
      if (number < 0 || number > LAST_TABLE) found.push(`stage ${name} has table ${number}, behind ${LAST_TABLE}`)
      if (isEngineTable(number)) found.push(`stage ${name} has table ${number}, which is one of the engines'`)
    }
    const span = hasEngineTables ? [ENGINE_RANGE.first, ENGINE_RANGE.last, ...numbers] : numbers
    for (const number of span) {
      if (number < last) found.push(`stage ${name} has table ${number}, before table ${last} of stage ${owner}`)
      else [last, owner] = [number, name]
    }
    const known = stages.flatMap((stage) => (stage.tables ?? []).map(({ number }) => number))
    for (const { number } of [...rulesIn, ...punts]) {
      if (!known.includes(number)) found.push(`stage ${name} has rules in table ${number}, which no stage has`)
    }
    return found
  })
}

/** A register fits into its field, and no other register uses its bits in a table where it holds a value. */
function registers(stages: readonly Stage[]): string[] {
  const all = stages.flatMap(({ registers = [] }) => registers)
  const wrong = all.flatMap(({ name, field, offset, bits, lives: [first, last] }) => [
    ...(offset < 0 || bits < 1 || offset + bits > (field === 'metadata' ? 64 : 32)
      ? [`register ${name} does not fit into ${field}`]
      : []),
    ...(first > last ? [`register ${name} lives backwards, from table ${first} to ${last}`] : []),
  ])
  const overlaps = all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => overlap(one, other))
      .map((other) => `registers ${one.name} and ${other.name} overlap in ${one.field}`),
  )
  return [...wrong, ...overlaps]
}

const overlap = (one: Register, other: Register): boolean =>
  one.field === other.field &&
  one.lives[0] <= other.lives[1] &&
  other.lives[0] <= one.lives[1] &&
  one.offset < other.offset + other.bits &&
  other.offset < one.offset + one.bits

/** A stage writes registers of other stages only if they are shared. */
function writes(stages: readonly Stage[]): string[] {
  const all = stages.flatMap(({ registers = [] }) => registers)
  return stages.flatMap(({ name, registers: own = [], writes = [] }) =>
    writes.flatMap((register) => {
      if (own.includes(register))
        return [`stage ${name} owns register ${register.name}, and need not say that it writes it`]
      if (!all.includes(register)) return [`stage ${name} writes register ${register.name}, which no stage has`]
      return register.isShared ? [] : [`stage ${name} writes register ${register.name}, which is not shared`]
    }),
  )
}

const meters = (stages: readonly Stage[]): string[] =>
  stages.flatMap(({ name: stage, meters = [], sharedMeter }) => [
    ...meters
      .filter(({ slot }) => slot < 0 || slot >= METERS_PER_VNIC)
      .map(({ name, slot }) => `stage ${stage} has meter ${name} in slot ${slot}, of ${METERS_PER_VNIC}`),
    ...(sharedMeter && (sharedMeter.id < 1 || sharedMeter.id >= METERS_PER_VNIC)
      ? [`stage ${stage} has shared meter ${sharedMeter.id}, which is not from 1 to ${METERS_PER_VNIC - 1}`]
      : []),
  ])
