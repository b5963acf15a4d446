/** The actions of the standard (OpenFlow 1.5.1, 7.2.6): one row per kind, used by the encoder and the decoder. */
import { checkMask, isMasked } from '../match/check-match.ts'
import type { KnownField } from '../match/match-fields.ts'
import { readField, writeField } from '../match/oxm.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { errorNamed } from '../wire/error-values.ts'
import { lacking, OpenFlowError } from '../wire/openflow-error.ts'
import { PORT } from '../wire/port-numbers.ts'
import { V1_5 } from '../wire/versions.ts'
import { type MoveAction, readSides, writeSides } from './move.ts'

/** Sets a field, or the bits of it in `mask`, to a value. */
export type SetField = KnownField extends infer F
  ? F extends KnownField
    ? F & { readonly type: 'set_field' }
    : never
  : never

/**
 * `nicira`: the action came in the form of Nicira's extensions, which is older than the standard's. It is sent in that
 * form again.
 */
interface Older {
  readonly nicira?: true
}

/**
 * The actions of the standard (OpenFlow 1.5.1, 7.2.6). Numbers have the width of the standard: `ethertype` 16 bits,
 * `ttl` 8, ports, queues, groups and meters 32.
 */
export type StandardAction =
  /**
   * `maxLen`: the number of octets to send to the controller. By default none, or the whole packet if `port` is the
   * controller.
   */
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
  /** An action in OpenFlow 1.5. In 1.3 and 1.4 it is an instruction. */
  | { readonly type: 'meter'; readonly meter: number }

type Of<Type> = Extract<StandardAction, { readonly type: Type }>

/**
 * A kind of action: its code, and how its body (after code and length) is written and read. `read` returns undefined
 * for an action to keep as octets.
 */
export interface Row<Value> {
  readonly code: number
  write(w: Writer, action: Value): void
  read(r: Reader): Value | undefined
}

const BAD_SET_ARGUMENT = errorNamed('BAD_ACTION', 'BAD_SET_ARGUMENT')
/** OpenFlow 1.5.1, 7.2.6.9. */
const IN_PORT_STAYS = 'in_port cannot be set: use nxm_in_port'
/** Sends the whole packet to the controller. */
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

export const STANDARD_ROWS: { readonly [Type in StandardAction['type']]: Row<Of<Type>> } = {
  output: {
    code: 0,
    write(w, { port, maxLen }) {
      w.u32(port, 'output port')
        .u16(maxLen ?? (port === PORT.CONTROLLER ? WHOLE_PACKET : 0), 'maxLen')
        .zeros(6)
    },
    read(r) {
      const port = r.u32()
      const maxLen = r.u16()
      const usual = maxLen === (port === PORT.CONTROLLER ? WHOLE_PACKET : 0)
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
    write(w, action) {
      checkMask(action)
      if (action.field === 'in_port')
        throw new OpenFlowError('out-of-range', IN_PORT_STAYS, { error: BAD_SET_ARGUMENT })
      writeField(w, action)
    },
    read(r) {
      const field = readField(r)
      // Before 1.5 there is no mask, so an action with one is kept as octets. The same is done with a value that could
      // not be written again.
      if (field.field === 'unknown' || (field.mask !== undefined && r.version < V1_5)) return undefined
      if (field.field === 'in_port' || !isMasked(field)) return undefined
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
    write(w, { meter }) {
      if (w.version < V1_5) throw lacking(w.version, 'action meter')
      w.u32(meter, 'meter')
    },
    // Before 1.5 a meter is an instruction, not an action.
    read: (r) => (r.version < V1_5 ? undefined : { type: 'meter', meter: r.u32() }),
  },
}

export const standardByCode = new Map(Object.values(STANDARD_ROWS).map((row) => [row.code, row as Row<StandardAction>]))

export interface OlderForm {
  readonly type: StandardAction['type']
  readonly subtype: number
  /** Whether two octets of padding precede the value. */
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
export const OLDER = new Map<string, OlderForm>(olderForms.map((form) => [form.type, form]))
export const olderBySubtype = new Map(olderForms.map((form) => [form.subtype, form]))
