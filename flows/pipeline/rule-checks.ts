/** Checks the rules of a stage against what the stage declares: tables, registers, meters, and packets for the controller. */
import { type Action, PORT } from '../../src/openflow/index.ts'
import type { Pipeline } from './pipeline.ts'
import type { Register } from './registers.ts'
import type { Rule } from './rule.ts'
import type { Stage } from './stage.ts'
import { isEngineTable } from './table.ts'
import { METERS_PER_VNIC, metersIn } from './vnic-meter.ts'

/** The bits of a field that an action or a match refers to. */
interface Bits {
  readonly field: string
  readonly offset: number
  readonly bits: number
}

/** A write of a register by a stage, in a table. */
export interface Write {
  readonly register: Register
  readonly table: number
  readonly writer: Stage
}

/** What a rule does that its stage has not declared, in words. */
export function ruleBreaches(pipeline: Pipeline, stage: Stage, rule: Rule): string[] {
  const found: string[] = []
  const wrong = (words: string) => void found.push(`stage ${stage.name}, table ${rule.table}: ${words}`)
  const { tables = [], rulesIn = [], punts = [], meters = [], sharedMeter, hasEngineTables = false } = stage
  const has = (all: readonly { readonly number: number }[]) => all.some(({ number }) => number === rule.table)
  if (!has(tables) && !has(rulesIn) && !(hasEngineTables && isEngineTable(rule.table))) wrong('it is not in rulesIn')
  for (const { match, field, offset, bits } of reads(rule)) {
    const register = registerOf(pipeline, { field, offset, bits })
    if (!register) wrong(`it ${match} bits ${offset} to ${offset + bits - 1} of ${field}, which are no register`)
    else if (!livesIn(register, rule.table)) wrong(`register ${register.name} holds nothing there, and it ${match} it`)
  }
  for (const { register, table, writer } of writesOf(pipeline, stage, rule)) {
    if (!register) wrong('it writes bits that are no register')
    else if (!livesIn(register, table)) wrong(`it writes register ${register.name}, which does not live in ${table}`)
    else if (!mayWrite(writer, register)) wrong(`stage ${writer.name} may not write register ${register.name}`)
  }
  for (const action of actionsOf(rule)) {
    if (isBackwards(action, rule.table)) wrong(`action ${action.type} goes back to an earlier table`)
    if (action.type === 'output' && action.port === PORT.CONTROLLER && !has(punts)) wrong('it is not in punts')
  }
  for (const id of metersIn(rule)) {
    if (id < METERS_PER_VNIC) {
      if (id !== sharedMeter?.id) wrong(`it uses meter ${id}, which is not its own`)
      continue
    }
    const slot = id % METERS_PER_VNIC
    const all = [
      ...meters,
      ...pipeline.stages.filter(({ wishes }) => wishes?.limit).flatMap((each) => each.meters ?? []),
    ]
    if (!all.some((meter) => meter.slot === slot)) wrong(`it uses meter slot ${slot}, which is not its own`)
  }
  return found
}

/** What the rules of a stage write. A rule that the switch learns counts as written by the stage that owns its table. */
export const writtenBy = (pipeline: Pipeline, stage: Stage, rules: readonly Rule[]): Write[] =>
  rules
    .flatMap((rule) => writesOf(pipeline, stage, rule))
    .flatMap(({ register, ...write }) => (register ? [{ ...write, register }] : []))

/** May a stage write a register? */
export const mayWrite = ({ registers = [], writes = [] }: Stage, register: Register): boolean =>
  registers.includes(register) || writes.includes(register)

type FoundWrite = Omit<Write, 'register'> & { readonly register: Register | undefined }

function writesOf(pipeline: Pipeline, stage: Stage, rule: Rule): FoundWrite[] {
  const to = (bits: Bits, table: number, writer: Stage): FoundWrite[] =>
    isRegister(bits.field) ? [{ register: registerOf(pipeline, bits), table, writer }] : []
  return actionsOf(rule).flatMap((action): FoundWrite[] => {
    if (action.type === 'set_field') return to(masked(action.field, action.mask), rule.table, stage)
    if (action.type === 'reg_move') return to({ ...action.dst, bits: action.bits }, rule.table, stage)
    if (action.type !== 'learn') return []
    const { table } = action
    const owner = ownerOf(pipeline, table)
    return action.specs.flatMap((spec) =>
      spec.to === 'load' ? to({ ...spec.dst, bits: spec.bits }, table, owner) : [],
    )
  })
}

/** Registers that a rule matches or copies from. */
function* reads(rule: Rule): Generator<Bits & { readonly match: string }> {
  for (const field of rule.match) {
    if (!isRegister(field.field) || !('value' in field)) continue
    yield { ...masked(field.field, field.mask), match: 'matches' }
  }
  for (const action of actionsOf(rule)) {
    if (action.type === 'reg_move' && isRegister(action.src.field))
      yield { ...action.src, bits: action.bits, match: 'copies' }
  }
}

const isRegister = (field: string): boolean => /^(reg\d+|metadata)$/.test(field)

/** The bits that a mask selects; all bits if there is no mask. */
function masked(field: string, mask: number | bigint | Uint8Array | undefined): Bits {
  const width = field === 'metadata' ? 64 : 32
  if (mask === undefined || mask instanceof Uint8Array) return { field, offset: 0, bits: width }
  const ones = BigInt(mask).toString(2)
  const offset = ones.length - 1 - ones.lastIndexOf('1')
  return { field, offset, bits: ones.length - offset }
}

/** The register that these bits belong to. */
const registerOf = ({ registers }: Pipeline, { field, offset, bits }: Bits): Register | undefined =>
  registers.find((each) => each.field === field && each.offset === offset && each.bits === bits)

const livesIn = ({ lives: [first, last] }: Register, table: number): boolean => first <= table && table <= last

function ownerOf({ stages }: Pipeline, table: number): Stage {
  const owner = stages.find(({ tables = [] }) => tables.some(({ number }) => number === table))
  if (!owner) throw new Error(`no stage has table ${table}`)
  return owner
}

/** All actions of a rule, including those inside other actions. */
function actionsOf({ instructions }: Pick<Rule, 'instructions'>): Action[] {
  const all = (actions: readonly Action[]): Action[] =>
    actions.flatMap((action) => [
      action,
      ...('actions' in action && Array.isArray(action.actions) ? all(action.actions as readonly Action[]) : []),
    ])
  return instructions.flatMap((one) => ('actions' in one ? all(one.actions) : []))
}

const isBackwards = (action: Action, table: number): boolean =>
  (action.type === 'resubmit' || action.type === 'ct') && action.table !== undefined && action.table <= table
