/** Instructions (OpenFlow 1.5.1, 7.2.5): one row per kind, used by the encoder and the decoder. */

import { refuse } from '../match/check-match.ts'
import { type Reader, Writer } from '../wire/cursor.ts'
import { BAD_INSTRUCTION_LEN } from '../wire/error-values.ts'
import { type FlowStats, inUsualOrder, readStats, writeStats } from '../wire/flow-stats.ts'
import { checkList, OpenFlowError, refusal } from '../wire/openflow-error.ts'
import { V1_5 } from '../wire/versions.ts'
import { type Action, readActions, writeActions } from './actions.ts'
import { wrongInstructions } from './check-rule.ts'

type KnownInstruction =
  | { readonly type: 'goto_table'; readonly table: number }
  | { readonly type: 'write_metadata'; readonly metadata: bigint; readonly mask: bigint }
  | { readonly type: 'write_actions'; readonly actions: readonly Action[] }
  | { readonly type: 'apply_actions'; readonly actions: readonly Action[] }
  | { readonly type: 'clear_actions' }
  /** An action in OpenFlow 1.5, where it is sent as the first of the applied actions. */
  | { readonly type: 'meter'; readonly meter: number }
  /**
   * OpenFlow 1.5: tells the controller when a statistic passes its threshold. Flag 1 is periodic, flag 2 is only the
   * first time.
   */
  | { readonly type: 'stat_trigger'; readonly flags: number; readonly thresholds: FlowStats }

/** An instruction without a row, kept as it came. */
interface UnknownInstruction {
  readonly type: 'unknown'
  readonly code: number
  readonly body: Uint8Array
}

/** What a rule does with a packet (OpenFlow 1.5.1, 7.2.5): an instruction of the standard, or an unknown one. */
export type Instruction = KnownInstruction | UnknownInstruction

type Of<Type> = Extract<KnownInstruction, { readonly type: Type }>

/** A kind of instruction: its code, and how its body (after code and length) is written and read. */
interface Row<Value> {
  readonly code: number
  write(w: Writer, instruction: Value): void
  /** @returns undefined if the instruction is to be kept as octets */
  read(r: Reader): Value | undefined
}

const ROWS: { readonly [Type in KnownInstruction['type']]: Row<Of<Type>> } = {
  goto_table: {
    code: 1,
    write: (w, { table }) => void w.u8(table, 'goto_table').zeros(3),
    read: (r) => ({ type: 'goto_table', table: r.u8() }),
  },
  write_metadata: {
    code: 2,
    write: (w, { metadata, mask }) => void w.zeros(4).u64(metadata, 'metadata').u64(mask, 'metadata mask'),
    read: (r) => ({ type: 'write_metadata', metadata: r.skip(4).u64(), mask: r.u64() }),
  },
  write_actions: {
    code: 3,
    write: (w, { actions }) => writeActions(w.zeros(4), actions),
    read: (r) => ({ type: 'write_actions', actions: readActions(r.skip(4)) }),
  },
  apply_actions: {
    code: 4,
    write: (w, { actions }) => writeActions(w.zeros(4), actions),
    read: (r) => ({ type: 'apply_actions', actions: readActions(r.skip(4)) }),
  },
  clear_actions: { code: 5, write: (w) => void w.zeros(4), read: () => ({ type: 'clear_actions' }) },
  meter: {
    code: 6,
    write: (w, { meter }) => void w.u32(meter, 'meter'),
    // Not an instruction of 1.5: it would be sent as an action there.
    read: (r) => (r.version >= V1_5 ? undefined : { type: 'meter', meter: r.u32() }),
  },
  // OpenFlow 1.5.1, 7.2.5: flags 32 bits, thresholds as ofp_stats.
  stat_trigger: {
    code: 7,
    write: (w, { flags, thresholds }) => writeStats(w.u32(flags, 'flags'), thresholds),
    read(r) {
      const [flags, copy] = [r.u32(), r.copy()]
      const thresholds = readStats(r)
      // Statistics without a row or in another order have no text, so the instruction is kept as octets.
      const again = new Writer(r.version)
      writeStats(again, inUsualOrder(thresholds))
      const isWhole = Buffer.compare(again.take(), copy.rest()) === 0
      return isWhole ? { type: 'stat_trigger', flags, thresholds } : undefined
    },
  },
}

const byType: ReadonlyMap<string, Row<KnownInstruction>> = new Map(
  Object.entries(ROWS).map(([type, row]) => [type, row as Row<KnownInstruction>]),
)
const byCode = new Map(Object.values(ROWS).map((row) => [row.code, row as Row<KnownInstruction>]))

/** @param isChecked whether to refuse two instructions of one type, as a switch does */
export function writeInstructions(w: Writer, instructions: readonly Instruction[], isChecked = false): void {
  checkList('instructions', instructions)
  const all = ofVersion(w.version, instructions)
  if (isChecked) refuse(wrongInstructions(instructions) ?? wrongInstructions(all))
  for (const instruction of all) {
    const start = w.length
    if (instruction.type === 'unknown') w.u16(instruction.code, 'code').u16(0).bytes(instruction.body, 'body')
    else {
      const row = byType.get(instruction.type)
      if (!row) throw refusal('type of an instruction', instruction.type, `${[...byType.keys()].join(', ')}, unknown`)
      row.write(w.u16(row.code).u16(0), instruction)
    }
    w.patch16(start + 2, w.length - start, instruction.type)
  }
}

/** The instructions with meters in the form of the version: an action, or an instruction. */
function ofVersion(version: number, instructions: readonly Instruction[]): readonly Instruction[] {
  if (version >= V1_5) {
    return instructions.some(({ type }) => type === 'meter') ? meterAsAction(instructions) : instructions
  }
  const startsMetered = instructions.some((one) => one.type === 'apply_actions' && one.actions[0]?.type === 'meter')
  return startsMetered ? meterAsInstruction(instructions) : instructions
}

/** The instructions with a leading meter action as an instruction. */
const meterAsInstruction = (instructions: readonly Instruction[]): readonly Instruction[] =>
  instructions.flatMap((one): Instruction[] => {
    const [first, ...rest] = one.type === 'apply_actions' ? one.actions : []
    if (first?.type !== 'meter') return [one]
    const meter = { type: 'meter', meter: first.meter } as const
    return rest.length === 0 ? [meter] : [meter, { type: 'apply_actions', actions: rest }]
  })

/** The instructions with meters as the first of the applied actions. */
export function meterAsAction(instructions: readonly Instruction[]): Instruction[] {
  const meters = instructions.filter((instruction) => instruction.type === 'meter')
  const applied = instructions.flatMap((one) => (one.type === 'apply_actions' ? one.actions : []))
  const rest = instructions.filter(({ type }) => type !== 'meter' && type !== 'apply_actions')
  return [{ type: 'apply_actions', actions: [...meters, ...applied] }, ...rest]
}

export function readInstructions(r: Reader): Instruction[] {
  const instructions: Instruction[] = []
  while (r.left > 0) {
    const offset = r.offset
    const code = r.u16()
    const length = r.u16()
    if (length < 4) {
      throw new OpenFlowError('malformed', `an instruction of ${length} octets: its header alone has 4`, {
        offset,
        error: BAD_INSTRUCTION_LEN,
      })
    }
    const body = r.part(length - 4, BAD_INSTRUCTION_LEN)
    const copy = body.copy()
    const known = byCode.get(code)?.read(body)
    const isWhole = length % 8 === 0 && body.isAtPadding
    instructions.push(known && isWhole ? known : { type: 'unknown', code, body: copy.rest() })
  }
  return instructions
}
