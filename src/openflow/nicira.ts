/** Nicira's actions (ovs-actions(7), ofp-actions.c): experimenter 0x2320, then a subtype. One row per kind. */
import type { Action, Subfield } from './actions.ts'
import type { Reader, Writer } from './cursor.ts'
import type { FieldName } from './fields.ts'
import { readFieldName, writeFieldName } from './oxm.ts'
import { u16 } from './range.ts'

export const NICIRA = 0x00002320

export type NiciraAction =
  /** Look the packet up again in another table and come back. Without `port`: as from the port it came in by. */
  | { readonly type: 'resubmit'; readonly port?: number; readonly table?: number }
  /** Output to the port whose number is in a field. */
  | ({ readonly type: 'output_reg'; readonly bits: number; readonly maxLen: number } & Subfield)
  | { readonly type: 'controller'; readonly maxLen: number; readonly controllerId: number; readonly reason: number }
  /** Octets without meaning to the switch; it pads them with zeros. */
  | { readonly type: 'note'; readonly note: Uint8Array }
  | { readonly type: 'ct_clear' }
  /** Run the actions on a copy of the packet. */
  | { readonly type: 'clone'; readonly actions: readonly Action[] }

type Of<Type> = Extract<NiciraAction, { readonly type: Type }>

/** How nested actions are written and read: handed in, since they may be of any kind. */
export interface Nested {
  write(w: Writer, actions: readonly Action[]): void
  read(r: Reader): Action[]
}

/** `write` begins with the subtype, `read` after it; undefined: to be kept as bytes. */
interface Row<Value> {
  readonly subtypes: readonly number[]
  write(w: Writer, action: Value, nested: Nested): void
  read(r: Reader, subtype: number, nested: Nested): Value | undefined
}

/** OFPP_IN_PORT in 16 bits. */
const IN_PORT = 0xfff8
/** Reserved ports begin here; in 32 bits, 0xffff stands before them. */
const RESERVED = 0xff00
const narrow = (port: number): number => (port >= 0xffff_0000 + RESERVED ? port - 0xffff_0000 : u16('port', port))
const widen = (port: number): number => (port >= RESERVED ? port + 0xffff_0000 : port)

const [RESUBMIT, RESUBMIT_TABLE] = [1, 14]

/** Offset and count of bits in 16 bits. */
const bitRange = (offset: number, bits: number): number => (offset << 6) | (bits - 1)
const bitsAt = (range: number): { offset: number; bits: number } => ({ offset: range >> 6, bits: (range & 63) + 1 })
const subfield = (field: FieldName | undefined, range: number): (Subfield & { readonly bits: number }) | undefined =>
  field && { field, ...bitsAt(range) }

export const NICIRA_ROWS: { readonly [Type in NiciraAction['type']]: Row<Of<Type>> } = {
  resubmit: {
    subtypes: [RESUBMIT, RESUBMIT_TABLE],
    write(w, { port, table }) {
      const inPort = port === undefined ? IN_PORT : narrow(port)
      if (table === undefined) w.u16(RESUBMIT).u16(inPort).zeros(4)
      else w.u16(RESUBMIT_TABLE).u16(inPort).u8(table).zeros(3)
    },
    read(r, subtype) {
      const inPort = r.u16()
      const port = inPort === IN_PORT ? {} : { port: widen(inPort) }
      return { type: 'resubmit', ...port, ...(subtype === RESUBMIT ? {} : { table: r.u8() }) }
    },
  },
  output_reg: {
    subtypes: [15],
    write(w, { field, offset, bits, maxLen }) {
      w.u16(15).u16(bitRange(offset, bits))
      writeFieldName(w, field)
      w.u16(maxLen).zeros(6)
    },
    read(r) {
      const range = r.u16()
      const source = subfield(readFieldName(r), range)
      return source && { type: 'output_reg', ...source, maxLen: r.u16() }
    },
  },
  controller: {
    subtypes: [20],
    write: (w, { maxLen, controllerId, reason }) => void w.u16(20).u16(maxLen).u16(controllerId).u8(reason).zeros(1),
    read: (r) => ({ type: 'controller', maxLen: r.u16(), controllerId: r.u16(), reason: r.u8() }),
  },
  note: {
    subtypes: [8],
    write: (w, { note }) => void w.u16(8).bytes(note),
    read: (r) => ({ type: 'note', note: r.rest() }),
  },
  ct_clear: {
    subtypes: [43],
    write: (w) => void w.u16(43).zeros(4),
    read: () => ({ type: 'ct_clear' }),
  },
  clone: {
    subtypes: [42],
    write: (w, { actions }, nested) => nested.write(w.u16(42).zeros(6), actions),
    read: (r, _subtype, nested) => ({ type: 'clone', actions: nested.read(r.skip(6)) }),
  },
}

const bySubtype = new Map(
  Object.values(NICIRA_ROWS).flatMap((row) =>
    row.subtypes.map((subtype) => [subtype, row as Row<NiciraAction>] as const),
  ),
)

export const isNicira = (action: Action): action is NiciraAction => action.type in NICIRA_ROWS

export function writeNicira(w: Writer, action: NiciraAction, nested: Nested): void {
  const row = NICIRA_ROWS[action.type] as Row<NiciraAction>
  row.write(w, action, nested)
}

/** @returns undefined if it is none that we know */
export function readNicira(r: Reader, nested: Nested): NiciraAction | undefined {
  const subtype = r.u16()
  return bySubtype.get(subtype)?.read(r, subtype, nested)
}
