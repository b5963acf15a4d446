/** A change of groups or meters that another controller made (OpenFlow 1.5.1, 7.4.4; in 1.3 of ONF). */
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN } from '../wire/error-values.ts'
import type { Part } from '../wire/layout.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import type { Message, UnknownMessage } from './message.ts'

export interface ForwardedBody {
  /**
   * The other controller's message. If it is in another version than the carrying message, it is `unknown` and kept as
   * it came.
   */
  readonly message: Message
}

/**
 * @param writeMessage writes a message of any type; readMessage reads one. They are handed in because they call this
 *   one.
 */
export const requestForward = (
  writeMessage: (w: Writer, message: Message) => void,
  readMessage: (r: Reader) => Message,
): Part<ForwardedBody> => ({
  write(w, { message }) {
    const { version = w.version } = message
    if (message.type !== 'unknown' || version === w.version) writeMessage(w, message)
    else writeOther(w, message, version)
  },
  read(r) {
    const inner = r.part(r.left)
    const version = inner.copy().u8()
    return { message: version === r.version ? readMessage(inner) : readOther(inner) }
  },
})

function writeOther(w: Writer, { code, body, xid = 0 }: UnknownMessage, version: number): void {
  const start = w.length
  w.u8(version, 'version').u8(code, 'code').u16(0).u32(xid, 'xid').bytes(body)
  w.patch16(start + 2, w.length - start, 'message')
}

function readOther(r: Reader): Message {
  const { offset, left } = r
  const [version, code, length, xid] = [r.u8(), r.u8(), r.u16(), r.u32()]
  if (length === left) return { version, xid, type: 'unknown', code, body: r.rest() }
  const message = `the length of the message is ${length} octets, but it has ${left}`
  throw new OpenFlowError('malformed', message, { offset, error: BAD_LEN })
}
