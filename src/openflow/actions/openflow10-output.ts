/**
 * The `output` action of OpenFlow 1.0, as flow monitors report it (1.0.0, 5.2.4). Nicira's actions are read by
 * actions.ts, and other actions of 1.0 are kept as octets.
 */
import type { Writer } from '../wire/cursor.ts'
import { lacking } from '../wire/openflow-error.ts'
import { narrow, PORT, widen } from '../wire/port-numbers.ts'
import type { Row, StandardAction } from './standard-actions.ts'

type Output = Extract<StandardAction, { readonly type: 'output' }>

/** Port 16 bits, max_len 16. */
const output: Row<Output> = {
  code: 0,
  write: (w, { port, maxLen }) => void w.u16(narrow(port), 'output port').u16(maxLen ?? usualLength(port), 'maxLen'),
  read(r) {
    const [port, maxLen] = [widen(r.u16()), r.u16()]
    return maxLen === usualLength(port) ? { type: 'output', port } : { type: 'output', port, maxLen }
  },
}

const WHOLE_PACKET = 0xffff
const usualLength = (port: number): number => (port === PORT.CONTROLLER ? WHOLE_PACKET : 0)

/** The row with this code. */
export const rowOf10 = (code: number): Row<StandardAction> | undefined =>
  code === output.code ? (output as Row<StandardAction>) : undefined

/** Writes a standard action for which Nicira has no form. */
export function writeAction10(w: Writer, action: StandardAction): void {
  if (action.type !== 'output') throw lacking(w.version, `action ${action.type}`)
  output.write(w.u16(output.code).u16(0), action)
}
