/** Encodes one message to octets, and decodes it. */
import { reader, Writer } from '../wire/cursor.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { LATEST } from '../wire/versions.ts'
import { type Decoded, type Message, readMessage, writeMessage } from './message.ts'

/** All messages share one writer, because encoding is synchronous and never nested. */
const writer = new Writer(LATEST)

/**
 * Encodes a message in the version that it says, by default OpenFlow 1.5. The octets are in a buffer that small
 * messages share, as with small Buffers of Node.js. A caller that uses their `buffer` must respect `byteOffset` and
 * `byteLength`.
 * @throws OpenFlowError `out-of-range` if a field cannot hold its value, or the version does not have the field or
 *   the message
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
 * Decodes the octets of exactly one message. The result has no reference to them.
 * @throws OpenFlowError `malformed`, with the offset, and with the error that should be answered
 */
export function decode(bytes: Uint8Array): Decoded {
  return readMessage(reader(bytes[0] ?? 0, bytes))
}

/**
 * Converts an error of the JavaScript engine to an OpenFlowError. Such an error means that a part of the message has a
 * wrong type.
 */
export function asRefusal(message: Message, error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError)) return error
  const what = (message as { readonly type?: unknown } | null | undefined)?.type
  return new OpenFlowError('out-of-range', `${what ?? 'this'} cannot be encoded: ${error.message}`, {
    cause: error,
  })
}
