/**
 * Actions (OpenFlow 1.5.1, 7.2.6): one row per kind, read by the encoder and the decoder. Nicira's have a file of their own;
 * what has no row is kept as bytes.
 */
import type { Reader, Writer } from './cursor.ts'
import { BAD_ACTION_LEN, OpenFlowError } from './errors.ts'
import { FIELDS, type FieldName, type KnownField, known } from './fields.ts'
import { isNicira, NICIRA, type NiciraAction, readNicira, writeNicira } from './nicira.ts'
import { readField, writeField } from './oxm.ts'
import { readSubfield, type Subfield, writeSubfield } from './subfield.ts'

/** A value for a field, or for the bits of it that `mask` names. */
export type SetField = KnownField extends infer F
  ? F extends KnownField
    ? F & { readonly type: 'set_field' }
    : never
  : never

export type StandardAction =
  /** `maxLen`: octets sent along to the controller; absent: none, or all of them if `port` is the controller. */
  | { readonly type: 'output'; readonly port: number; readonly maxLen?: number }
  | { readonly type: 'copy_ttl_out' }
  | { readonly type: 'copy_ttl_in' }
  | { readonly type: 'set_mpls_ttl'; readonly ttl: number }
  | { readonly type: 'dec_mpls_ttl' }
  | { readonly type: 'push_vlan'; readonly ethertype: number }
  | { readonly type: 'pop_vlan' }
  | { readonly type: 'push_mpls'; readonly ethertype: number }
  | { readonly type: 'pop_mpls'; readonly ethertype: number }
  | { readonly type: 'set_queue'; readonly queue: number }
  | { readonly type: 'group'; readonly group: number }
  | { readonly type: 'set_ttl'; readonly ttl: number }
  | { readonly type: 'dec_ttl' }
  | SetField
  | { readonly type: 'push_pbb'; readonly ethertype: number }
  | { readonly type: 'pop_pbb' }
  /** Copy `bits` bits of one field to another: OpenFlow 1.5's copy_field. */
  | { readonly type: 'reg_move'; readonly src: Subfield; readonly dst: Subfield; readonly bits: number }
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
      return field.field === 'unknown' ? undefined : { type: 'set_field', ...field }
    },
  },
  push_pbb: tagged(26, 'push_pbb'),
  pop_pbb: plain(27, 'pop_pbb'),
  reg_move: {
    code: 28,
    write(w, { src, dst, bits }) {
      w.u16(bits, 'bits').u16(src.offset, 'offset').u16(dst.offset, 'offset').zeros(2)
      writeSubfield(w, src, bits)
      writeSubfield(w, dst, bits)
    },
    read(r) {
      const [bits, from, to] = [r.u16(), r.u16(), r.u16()]
      const [src, dst] = [readSubfield(r.skip(2), from, bits), readSubfield(r, to, bits)]
      return src && dst && { type: 'reg_move', src, dst, bits }
    },
  },
  meter: {
    code: 29,
    write: (w, { meter }) => void w.u32(meter, 'meter'),
    read: (r) => ({ type: 'meter', meter: r.u32() }),
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

function writeAction(w: Writer, action: Action): void {
  if (action.type === 'unknown') {
    w.u16(action.code, 'code').u16(0)
    if (action.experimenter !== undefined) w.u32(action.experimenter, 'experimenter')
    w.bytes(action.body)
  } else if (isNicira(action)) {
    writeNicira(w.u16(EXPERIMENTER).u16(0).u32(NICIRA), action, nested)
  } else {
    const row = ROWS[action.type] as Row<StandardAction>
    row.write(w.u16(row.code).u16(0), action)
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
  const action = experimenter === NICIRA ? readNicira(body, nested) : undefined
  return action && body.isAtPadding ? action : { type: 'unknown', code, experimenter, body: copy.skip(4).rest() }
}

/**
 * Set `bits` bits of a field, from bit `offset` on: a set_field with a mask, as OpenFlow 1.5 has it.
 * @throws OpenFlowError `out-of-range` if the field has not these bits, or they cannot hold the value
 */
export function load(field: FieldName, offset: number, bits: number, value: bigint): Action {
  const { width, bits: all } = FIELDS[field]
  if (offset + bits > all || value >> BigInt(bits) !== 0n) {
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
