/** Actions of Nicira that say where a packet goes (ovs-actions(7), "Output Actions" and "Control Flow Actions"). */

import { bitRange, isLong, readBits, readSubfield, type Subfield, writeBits, writeSubfield } from '../match/subfield.ts'
import { narrow, PORT, widen } from '../wire/port-numbers.ts'
import type { Rows } from './nicira-row.ts'

export type OutputAction =
  /** Looks the packet up in another table and then continues. Without `port`, as if it came in by its own port. */
  | {
      readonly type: 'resubmit'
      readonly port?: number
      readonly table?: number
      /** Uses the addresses and ports of the first packet of the connection. */
      readonly ct?: true
    }
  /** Sends the packet to the port whose number is in a field. */
  | ({
      readonly type: 'output_reg'
      readonly bits: number
      readonly maxLen: number
      /** Set if the action has the longer form, which it always has for a field with a 64-bit header. */
      readonly long?: true
    } & Subfield)
  /** Sends at most `maxLen` octets of the packet. */
  | { readonly type: 'output_trunc'; readonly port: number; readonly maxLen: number }
  /** Writes to one bit whether the packet is longer than `length` octets. */
  | ({ readonly type: 'check_pkt_larger'; readonly length: number } & Subfield)
  | { readonly type: 'exit' }

/** OFPP_IN_PORT in 16 bits. */
const IN_PORT = narrow(PORT.IN_PORT)

const [RESUBMIT, RESUBMIT_TABLE, RESUBMIT_CT] = [1, 14, 44]
const [OUTPUT_REG, OUTPUT_REG2] = [15, 32]

export const OUTPUT_ROWS: Rows<OutputAction> = {
  // nx_action_resubmit: in_port 16 bits, table 8, padding 24.
  resubmit: {
    subtypes: [RESUBMIT, RESUBMIT_TABLE, RESUBMIT_CT],
    write(w, { port, table, ct }) {
      const inPort = port === undefined ? IN_PORT : narrow(port)
      if (table === undefined && !ct) w.u16(RESUBMIT).u16(inPort, 'port').zeros(4)
      else {
        w.u16(ct ? RESUBMIT_CT : RESUBMIT_TABLE)
          .u16(inPort, 'port')
          .u8(table ?? 0xff, 'table')
          .zeros(3)
      }
    },
    read(r, subtype) {
      const inPort = r.u16()
      const port = inPort === IN_PORT ? {} : { port: widen(inPort) }
      if (subtype === RESUBMIT) return { type: 'resubmit', ...port }
      const table = r.u8()
      if (subtype === RESUBMIT_TABLE) return { type: 'resubmit', ...port, table }
      return { type: 'resubmit', ...port, ...(table === 0xff ? {} : { table }), ct: true }
    },
  },
  // nx_action_output_reg: range 16 bits, field, max_len 16; nx_action_output_reg2: range, max_len, field.
  output_reg: {
    subtypes: [OUTPUT_REG, OUTPUT_REG2],
    write(w, action) {
      const { maxLen, long, field } = action
      if (long || isLong(field)) {
        const start = w.length
        w.u16(OUTPUT_REG2).u16(bitRange(action), 'offset').u16(maxLen, 'maxLen')
        writeBits(w, action)
        w.zeros(16 - (w.length - start))
      } else {
        w.u16(OUTPUT_REG).u16(bitRange(action), 'offset')
        writeBits(w, action)
        w.u16(maxLen, 'maxLen').zeros(6)
      }
    },
    read(r, subtype) {
      const range = r.u16()
      if (subtype === OUTPUT_REG) {
        const source = readBits(r, range)
        return source && !isLong(source.field) ? { type: 'output_reg', ...source, maxLen: r.u16() } : undefined
      }
      const maxLen = r.u16()
      const source = readBits(r, range)
      return source && { type: 'output_reg', ...source, maxLen, ...(isLong(source.field) ? {} : { long: true }) }
    },
  },
  // nx_action_output_trunc: port 16 bits, max_len 32.
  output_trunc: {
    subtypes: [39],
    write: (w, { port, maxLen }) => void w.u16(39).u16(narrow(port), 'port').u32(maxLen, 'maxLen'),
    read: (r) => ({ type: 'output_trunc', port: widen(r.u16()), maxLen: r.u32() }),
  },
  // nx_action_check_pkt_larger: pkt_len 16 bits, offset 16, field, padding to 14 octets.
  check_pkt_larger: {
    subtypes: [49],
    write(w, { length, ...bit }) {
      w.u16(49).u16(length, 'length').u16(bit.offset, 'offset')
      const start = w.length
      writeSubfield(w, bit, 1, 'nicira')
      w.zeros(10 - (w.length - start))
    },
    read(r) {
      const length = r.u16()
      const bit = readSubfield(r, r.u16(), 1, 'nicira')
      return bit && { type: 'check_pkt_larger', length, ...bit }
    },
  },
  exit: {
    subtypes: [17],
    write: (w) => void w.u16(17).zeros(6),
    read: () => ({ type: 'exit' }),
  },
}
