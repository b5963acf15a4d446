/** One message to octets and back. */
import { reader, Writer } from '../wire/cursor.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { LATEST } from '../wire/versions.ts'
import { type Decoded, type Message, readMessage, writeMessage } from './message.ts'

/** One for all messages: no message is written within the writing of another. */
const writer = new Writer(LATEST)

/**
 * A message as octets, of the version that it says, else of OpenFlow 1.5. They stand in a buffer that small messages share, as
 * small Buffers of Node.js do: whoever uses their `buffer` must mind `byteOffset` and `byteLength`.
 * @throws OpenFlowError `out-of-range` if a field cannot hold its value, or the version has no such field or message
 */
export function encode(message: Message): Uint8Array {
  try {
    writeMessage(writer.restart(message.version ?? LATEST), message)
    return writer.take()
  } catch (error) {
    throw asRefusal(message, error)
  }
}

/**
 * The octets of exactly one message as that message; it holds no reference to them.
 * @throws OpenFlowError `malformed`, with the offset and the error that should be answered
 */
export function decode(bytes: Uint8Array): Decoded {
  return readMessage(reader(bytes[0] ?? 0, bytes))
}

/** What cannot be written is no message: some part of it is of another type than it must be, which its own error says badly. */
export function asRefusal(message: Message, error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError)) return error
  const what = (message as { readonly type?: unknown } | null | undefined)?.type
  return new OpenFlowError('out-of-range', `${what ?? 'this'} is no message that can be encoded: ${error.message}`, {
    cause: error,
  })
}
