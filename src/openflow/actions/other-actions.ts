/** The other actions of Nicira (ovs-actions(7), "Other Actions"). */
import type { Action } from './actions.ts'
import { given, MAX_DEPTH, type Rows } from './nicira-row.ts'

export type OtherAction =
  /** Octets that the switch ignores. It pads them with zeros. */
  | { readonly type: 'note'; readonly note: Uint8Array }
  /** Restores the default queue of the packet. */
  | { readonly type: 'pop_queue' }
  /** Runs the actions on a copy of the packet. */
  | { readonly type: 'clone'; readonly actions: readonly Action[] }
  /** Clause `clause` (from 1) of `clauses` in the conjunctive match with this id. */
  | { readonly type: 'conjunction'; readonly id: number; readonly clause: number; readonly clauses: number }
  /** Timeouts in seconds that replace those of the rule when a TCP connection ends. */
  | { readonly type: 'fin_timeout'; readonly idleTimeout?: number; readonly hardTimeout?: number }
  /** The same as the instruction of this name, for OpenFlow 1.0. */
  | { readonly type: 'write_metadata'; readonly metadata: bigint; readonly mask: bigint }

export const OTHER_ROWS: Rows<OtherAction> = {
  note: {
    subtypes: [8],
    write: (w, { note }) => void w.u16(8).bytes(note, 'note'),
    read: (r) => ({ type: 'note', note: r.rest() }),
  },
  pop_queue: {
    subtypes: [5],
    write: (w) => void w.u16(5).zeros(4),
    read: () => ({ type: 'pop_queue' }),
  },
  clone: {
    subtypes: [42],
    write: (w, { actions }, nested) => nested.write(w.u16(42).zeros(6), actions),
    read(r, _subtype, nested) {
      return r.depth > MAX_DEPTH ? undefined : { type: 'clone', actions: nested.read(r.skip(6)) }
    },
  },
  // nx_action_conjunction: clause minus one 8 bits, clauses 8, id 32.
  conjunction: {
    subtypes: [34],
    write: (w, { id, clause, clauses }) =>
      void w
        .u16(34)
        .u8(clause - 1, 'clause')
        .u8(clauses, 'clauses')
        .u32(id, 'id'),
    read: (r) => {
      const [clause, clauses] = [r.u8() + 1, r.u8()]
      return { type: 'conjunction', id: r.u32(), clause, clauses }
    },
  },
  // nx_action_fin_timeout: fin_idle_timeout 16 bits, fin_hard_timeout 16, padding 16.
  fin_timeout: {
    subtypes: [19],
    write: (w, { idleTimeout = 0, hardTimeout = 0 }) =>
      void w.u16(19).u16(idleTimeout, 'idleTimeout').u16(hardTimeout, 'hardTimeout').zeros(2),
    read(r) {
      const [idle, hard] = [r.u16(), r.u16()]
      return {
        type: 'fin_timeout',
        ...given('idleTimeout', idle || undefined),
        ...given('hardTimeout', hard || undefined),
      }
    },
  },
  // nx_action_write_metadata: padding 48 bits, metadata 64, mask 64.
  write_metadata: {
    subtypes: [22],
    write: (w, { metadata, mask }) => void w.u16(22).zeros(6).u64(metadata, 'metadata').u64(mask, 'metadata mask'),
    read: (r) => ({ type: 'write_metadata', metadata: r.skip(6).u64(), mask: r.u64() }),
  },
}
