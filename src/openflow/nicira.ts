/** Nicira's actions (ovs-actions(7), ofp-actions.c): experimenter 0x2320, then a subtype. One row per kind. */
import type { Action } from './actions.ts'
import type { Reader, Writer } from './cursor.ts'
import { OpenFlowError } from './errors.ts'
import { narrow, widen } from './ports.ts'
import { readSubfield, type Subfield, writeSubfield } from './subfield.ts'

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
  /** Back to the queue that a packet has by itself. */
  | { readonly type: 'pop_queue' }
  /** dec_ttl that tells these controllers of a packet whose time is over. */
  | { readonly type: 'dec_ttl_cnt_ids'; readonly ids: readonly number[] }
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

const [RESUBMIT, RESUBMIT_TABLE] = [1, 14]

/** Offset and count of bits in 16 bits. */
function bitRange(offset: number, bits: number): number {
  if (bits <= 64) return offset * 64 + bits - 1
  throw new OpenFlowError('out-of-range', `${bits} bits put out: 64 is the most`)
}

/** Clones within clones that are understood; deeper ones are bytes. */
const DEEPEST = 64

export const NICIRA_ROWS: { readonly [Type in NiciraAction['type']]: Row<Of<Type>> } = {
  resubmit: {
    subtypes: [RESUBMIT, RESUBMIT_TABLE],
    write(w, { port, table }) {
      const inPort = port === undefined ? IN_PORT : narrow(port)
      if (table === undefined) w.u16(RESUBMIT).u16(inPort, 'port').zeros(4)
      else w.u16(RESUBMIT_TABLE).u16(inPort, 'port').u8(table, 'table').zeros(3)
    },
    read(r, subtype) {
      const inPort = r.u16()
      const port = inPort === IN_PORT ? {} : { port: widen(inPort) }
      return { type: 'resubmit', ...port, ...(subtype === RESUBMIT ? {} : { table: r.u8() }) }
    },
  },
  output_reg: {
    subtypes: [15],
    write(w, { bits, maxLen, ...source }) {
      w.u16(15).u16(bitRange(source.offset, bits), 'offset')
      writeSubfield(w, source, bits)
      w.u16(maxLen, 'maxLen').zeros(6)
    },
    read(r) {
      const range = r.u16()
      const bits = (range & 63) + 1
      const source = readSubfield(r, range >> 6, bits)
      return source && { type: 'output_reg', ...source, bits, maxLen: r.u16() }
    },
  },
  controller: {
    subtypes: [20],
    write: (w, { maxLen, controllerId, reason }) =>
      void w.u16(20).u16(maxLen, 'maxLen').u16(controllerId, 'controllerId').u8(reason, 'reason').zeros(1),
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
  pop_queue: {
    subtypes: [5],
    write: (w) => void w.u16(5).zeros(4),
    read: () => ({ type: 'pop_queue' }),
  },
  dec_ttl_cnt_ids: {
    subtypes: [21],
    write(w, { ids }) {
      w.u16(21).u16(ids.length, 'number of controllers').zeros(4)
      for (const id of ids) w.u16(id, 'controllerId')
    },
    read(r) {
      const count = r.u16()
      if (r.left < 4 + 2 * count) return undefined
      r.skip(4)
      return { type: 'dec_ttl_cnt_ids', ids: Array.from({ length: count }, () => r.u16()) }
    },
  },
  clone: {
    subtypes: [42],
    write: (w, { actions }, nested) => nested.write(w.u16(42).zeros(6), actions),
    read(r, _subtype, nested) {
      return r.depth > DEEPEST ? undefined : { type: 'clone', actions: nested.read(r.skip(6)) }
    },
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
