/** Bundles: messages that are done together, or none (OpenFlow 1.5.1, 7.3.9; for 1.3 EXT-230). */
import type { Reader, Writer } from './cursor.ts'
import { errorNamed, OpenFlowError } from './errors.ts'
import { choice, or, type Part, rest, struct, u16, u32 } from './layout.ts'
import type { Message } from './messages.ts'

/** Bits of `flags`: all or nothing; in the order of sending. */
export const BUNDLE_FLAGS = { atomic: 1, ordered: 2 } as const

const STEPS = [
  'open_request',
  'open_reply',
  'close_request',
  'close_reply',
  'commit_request',
  'commit_reply',
  'discard_request',
  'discard_reply',
] as const

const NO_PROPERTIES = new Uint8Array()

export const bundleControl = struct({
  bundle: u32,
  step: choice(u16, STEPS, errorNamed('BUNDLE_FAILED', 'BAD_TYPE')),
  flags: u16,
  properties: or(rest, NO_PROPERTIES),
})

export interface BundleAddBody {
  readonly bundle: number
  readonly flags: number
  /** Without an xid of its own it has that of the message that carries it, as it must. */
  readonly message: Message
  readonly properties?: Uint8Array
}

/** @param writeMessage @param readMessage of any type: handed in, since a bundled message may be of any */
export const bundleAdd = (
  writeMessage: (w: Writer, message: Message, xid: number) => void,
  readMessage: (r: Reader) => Message,
): Part<BundleAddBody> => ({
  write(w, { bundle, flags, message, properties = NO_PROPERTIES }) {
    w.u32(bundle, 'bundle').zeros(2).u16(flags, 'flags')
    const start = w.length
    writeMessage(w, message, message.xid ?? w.xid)
    if (properties.length > 0) w.align8(start).bytes(properties)
  },
  read(r) {
    const bundle = r.u32()
    const flags = r.skip(2).u16()
    const start = r.offset
    const message = readMessage(r.part(innerLength(r)))
    r.align8(start)
    return r.left === 0 ? { bundle, flags, message } : { bundle, flags, message, properties: r.rest() }
  },
})

function innerLength(r: Reader): number {
  const length = r.copy().skip(2).u16()
  if (length >= 8) return length
  const error = errorNamed('BUNDLE_FAILED', 'MSG_BAD_LEN')
  throw new OpenFlowError('malformed', `a bundled message of ${length} octets`, { offset: r.offset, error })
}
