/**
 * Actions (OpenFlow 1.5.1, 7.2.6): one row per kind, read by the encoder and the decoder. Nicira's have a file of their own;
 * what has no row is kept as bytes.
 */
import type { Reader, Writer } from './cursor.ts'
import { BAD_ACTION_LEN, OpenFlowError } from './errors.ts'
import { ONF } from './field-row.ts'
import { FIELDS, type FieldName, type KnownField, known } from './fields.ts'
import { type MoveAction, REG_MOVE, readMove, readOnfMove, readSides, writeMove, writeSides } from './move.ts'
import { NICIRA, type NiciraAction, readNicira, writeNicira } from './nicira.ts'
import { readField, writeField } from './oxm.ts'

/** A value for a field, or for the bits of it that `mask` names. */
export type SetField = KnownField extends infer F
  ? F extends KnownField
    ? F & { readonly type: 'set_field' }
    : never
  : never

/** `nicira`: it came as the action that Nicira's extensions had before OpenFlow had one, and goes out so. */
interface Older {
  readonly nicira?: true
}

export type StandardAction =
  /** `maxLen`: octets sent along to the controller; absent: none, or all of them if `port` is the controller. */
  | { readonly type: 'output'; readonly port: number; readonly maxLen?: number }
  | { readonly type: 'copy_ttl_out' }
  | { readonly type: 'copy_ttl_in' }
  | ({ readonly type: 'set_mpls_ttl'; readonly ttl: number } & Older)
  | ({ readonly type: 'dec_mpls_ttl' } & Older)
  | { readonly type: 'push_vlan'; readonly ethertype: number }
  | { readonly type: 'pop_vlan' }
  | ({ readonly type: 'push_mpls'; readonly ethertype: number } & Older)
  | ({ readonly type: 'pop_mpls'; readonly ethertype: number } & Older)
  | ({ readonly type: 'set_queue'; readonly queue: number } & Older)
  | ({ readonly type: 'group'; readonly group: number } & Older)
  | { readonly type: 'set_ttl'; readonly ttl: number }
  | ({ readonly type: 'dec_ttl' } & Older)
  | SetField
  | { readonly type: 'push_pbb'; readonly ethertype: number }
  | { readonly type: 'pop_pbb' }
  | MoveAction
  /** OpenFlow 1.5; in 1.3 and 1.4 an instruction. */
  | { readonly type: 'meter'; readonly meter: number }

/** Kept as it came. With code 0xffff, `experimenter` stands before the body. */
export interface UnknownAction {
  readonly type: 'unknown'
  readonly code: number
  readonly experimenter?: number
  readonly body: Uint8Array
}

export type Action = StandardAction | NiciraAction | UnknownAction

type Of<Type> = Extract<StandardAction, { readonly type: Type }>

/** One kind: its code, and how its body (after code and length) is written and read; undefined: to be kept as bytes. */
interface Row<Value> {
  readonly code: number
  write(w: Writer, action: Value): void
  read(r: Reader): Value | undefined
}

const EXPERIMENTER = 0xffff
/** The first version in which a part of a field can be set and moved. */
const V1_5 = 6
const CONTROLLER = 0xfffffffd
/** Send the whole packet to the controller. */
const WHOLE_PACKET = 0xffff

const plain = <Type extends StandardAction['type']>(code: number, type: Type): Row<{ readonly type: Type }> => ({
  code,
  write: (w) => void w.zeros(4),
  read: () => ({ type }),
})

const ttl = <Type extends 'set_ttl' | 'set_mpls_ttl'>(code: number, type: Type): Row<{ type: Type; ttl: number }> => ({
  code,
  write: (w, action) => void w.u8(action.ttl, type).zeros(3),
  read: (r) => ({ type, ttl: r.u8() }),
})

type Tagged = 'push_vlan' | 'push_mpls' | 'pop_mpls' | 'push_pbb'

const tagged = <Type extends Tagged>(code: number, type: Type): Row<{ type: Type; ethertype: number }> => ({
  code,
  write: (w, action) => void w.u16(action.ethertype, type).zeros(2),
  read: (r) => ({ type, ethertype: r.u16() }),
})

const ROWS: { readonly [Type in StandardAction['type']]: Row<Of<Type>> } = {
  output: {
    code: 0,
    write(w, { port, maxLen }) {
      w.u32(port, 'output port')
        .u16(maxLen ?? (port === CONTROLLER ? WHOLE_PACKET : 0), 'maxLen')
        .zeros(6)
    },
    read(r) {
      const port = r.u32()
      const maxLen = r.u16()
      const usual = maxLen === (port === CONTROLLER ? WHOLE_PACKET : 0)
      return usual ? { type: 'output', port } : { type: 'output', port, maxLen }
    },
  },
  copy_ttl_out: plain(11, 'copy_ttl_out'),
  copy_ttl_in: plain(12, 'copy_ttl_in'),
  set_mpls_ttl: ttl(15, 'set_mpls_ttl'),
  dec_mpls_ttl: plain(16, 'dec_mpls_ttl'),
  push_vlan: tagged(17, 'push_vlan'),
  pop_vlan: plain(18, 'pop_vlan'),
  push_mpls: tagged(19, 'push_mpls'),
  pop_mpls: tagged(20, 'pop_mpls'),
  set_queue: {
    code: 21,
    write: (w, { queue }) => void w.u32(queue, 'queue'),
    read: (r) => ({ type: 'set_queue', queue: r.u32() }),
  },
  group: {
    code: 22,
    write: (w, { group }) => void w.u32(group, 'group'),
    read: (r) => ({ type: 'group', group: r.u32() }),
  },
  set_ttl: ttl(23, 'set_ttl'),
  dec_ttl: plain(24, 'dec_ttl'),
  set_field: {
    code: 25,
    write: writeField,
    read(r) {
      const field = readField(r)
      // Before 1.5 there is no mask: what has one is kept as bytes.
      if (field.field === 'unknown' || (field.mask !== undefined && r.version < V1_5)) return undefined
      return { type: 'set_field', ...field }
    },
  },
  push_pbb: tagged(26, 'push_pbb'),
  pop_pbb: plain(27, 'pop_pbb'),
  reg_move: {
    code: 28,
    write(w, action) {
      w.u16(action.bits, 'bits').u16(action.src.offset, 'offset').u16(action.dst.offset, 'offset').zeros(2)
      writeSides(w, action, 'standard')
    },
    read(r) {
      const [bits, from, to] = [r.u16(), r.u16(), r.u16()]
      return readSides(r.skip(2), bits, from, to, 'standard')
    },
  },
  meter: {
    code: 29,
    write: (w, { meter }) => void w.u32(meter, 'meter'),
    // An instruction before, and no action.
    read: (r) => (r.version < V1_5 ? undefined : { type: 'meter', meter: r.u32() }),
  },
}

const byCode = new Map(Object.values(ROWS).map((row) => [row.code, row as Row<StandardAction>]))

export function writeActions(w: Writer, actions: readonly Action[]): void {
  for (const action of actions) {
    const start = w.length
    writeAction(w, action)
    w.align8(start)
    w.patch16(start + 2, w.length - start, action.type)
  }
}

const rowOf = (type: string): Row<StandardAction> | undefined =>
  (ROWS as Readonly<Record<string, unknown>>)[type] as Row<StandardAction> | undefined

function writeAction(w: Writer, action: Action): void {
  if (action.type === 'unknown') {
    w.u16(action.code, 'code').u16(0)
    if (action.experimenter !== undefined) w.u32(action.experimenter, 'experimenter')
    w.bytes(action.body)
    return
  }
  const row = rowOf(action.type)
  if (!row) writeExtension(w, action as NiciraAction)
  else if (!writeOther(w, action as StandardAction)) row.write(w.u16(row.code).u16(0), action as StandardAction)
}

/** OpenFlow 1.5 has set_field with a mask in the place of Nicira's loads. */
function writeExtension(w: Writer, action: NiciraAction): void {
  if (w.version >= V1_5 && action.type === 'reg_load') {
    writeAction(w, load(action.field, action.offset, action.bits, action.value))
  } else if (w.version >= V1_5 && action.type === 'reg_load2') {
    writeAction(w, { ...action, type: 'set_field' } as SetField)
  } else writeNicira(w.u16(EXPERIMENTER).u16(0).u32(NICIRA), action, nested)
}

/** A standard action in another form than the one of its own code. @returns whether it is written */
function writeOther(w: Writer, action: StandardAction): boolean {
  switch (action.type) {
    case 'output':
      return false
    case 'set_field':
      if (action.mask === undefined || w.version >= V1_5) return false
      writeNicira(w.u16(EXPERIMENTER).u16(0).u32(NICIRA), { ...action, type: 'reg_load2' } as NiciraAction, nested)
      return true
    case 'reg_move':
      return writeMove(w, action)
    default: {
      const older = 'nicira' in action ? OLDER.get(action.type) : undefined
      if (!older) return false
      w.u16(EXPERIMENTER).u16(0).u32(NICIRA).u16(older.subtype)
      if (older.padded) w.zeros(2)
      rowOf(action.type)?.write(w, action)
      return true
    }
  }
}

export function readActions(r: Reader): Action[] {
  const actions: Action[] = []
  while (r.left > 0) actions.push(readAction(r))
  return actions
}

function readAction(r: Reader): Action {
  const offset = r.offset
  const code = r.u16()
  const length = r.u16()
  if (length < 8 || length % 8 !== 0) {
    const message = `an action of ${length} octets: it must be a multiple of 8`
    throw new OpenFlowError('malformed', message, { offset, error: BAD_ACTION_LEN })
  }
  const body = r.part(length - 4, BAD_ACTION_LEN)
  const copy = body.copy()
  if (code !== EXPERIMENTER) {
    const action = byCode.get(code)?.read(body)
    return action && body.isAtPadding ? action : { type: 'unknown', code, body: copy.rest() }
  }
  const experimenter = body.u32()
  const action = experimenter === NICIRA ? readOther(body) : experimenter === ONF ? readOnfMove(body) : undefined
  return action && body.isAtPadding ? action : { type: 'unknown', code, experimenter, body: copy.skip(4).rest() }
}

/** One of Nicira's actions, or a standard one in the form that Nicira's extensions have of it. */
function readOther(r: Reader): Action | undefined {
  const subtype = r.copy().u16()
  const older = olderBySubtype.get(subtype)
  if (older) {
    const action = rowOf(older.type)?.read(r.skip(older.padded ? 4 : 2))
    return action && ({ ...action, nicira: true } as Action)
  }
  if (subtype === REG_MOVE) return readMove(r.skip(2))
  const action = readNicira(r, nested)
  const isLoad = action?.type === 'reg_load' || action?.type === 'reg_load2'
  // It would go out as a set_field.
  if (isLoad && r.version >= V1_5) return undefined
  const isMasked = action?.type === 'reg_load2' && action.mask !== undefined
  return isMasked ? ({ ...action, type: 'set_field' } as Action) : action
}

/**
 * Set `bits` bits of a field, from bit `offset` on: a set_field with a mask, as OpenFlow 1.5 has it.
 * @throws OpenFlowError `out-of-range` if the field has not these bits, or they cannot hold the value
 */
export function load(field: FieldName, offset: number, bits: number, value: bigint): Action {
  const { width, bits: all } = FIELDS[field]
  const isRange = Number.isInteger(offset) && Number.isInteger(bits) && offset >= 0 && bits > 0 && offset + bits <= all
  if (!isRange || value >> BigInt(bits) !== 0n) {
    throw new OpenFlowError(
      'out-of-range',
      `${value} does not fit into ${bits} bits at ${offset} of ${field} (${all} bits)`,
    )
  }
  const of = (number: bigint): number | bigint => (width === 'number' ? Number(number) : number)
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(offset)
  const set = bits === all ? known(field, of(value)) : known(field, of(value << BigInt(offset)), of(mask))
  return { type: 'set_field', ...set } as SetField
}

const nested = { write: writeActions, read: readActions }

interface OlderForm {
  readonly type: StandardAction['type']
  readonly subtype: number
  /** Two octets stand before its value. */
  readonly padded: boolean
}

/** Standard actions that Nicira's extensions had before OpenFlow did. */
const olderForms: readonly OlderForm[] = [
  { type: 'set_queue', subtype: 4, padded: true },
  { type: 'dec_ttl', subtype: 18, padded: false },
  { type: 'push_mpls', subtype: 23, padded: false },
  { type: 'pop_mpls', subtype: 24, padded: false },
  { type: 'set_mpls_ttl', subtype: 25, padded: false },
  { type: 'dec_mpls_ttl', subtype: 26, padded: false },
  { type: 'group', subtype: 40, padded: true },
]
const OLDER = new Map<string, OlderForm>(olderForms.map((form) => [form.type, form]))
const olderBySubtype = new Map(olderForms.map((form) => [form.subtype, form]))
