/** Bundles: messages that a switch applies all together or not at all (OpenFlow 1.5.1, 7.3.9; in 1.3 EXT-230). */
import type { Reader, Writer } from '../wire/cursor.ts'
import { errorNamed } from '../wire/error-values.ts'
import { EXPERIMENTER, NICIRA } from '../wire/experimenters.ts'
import { choice, or, type Part, pad, struct, u16, u32, u64 } from '../wire/layout.ts'
import type { ErrorValue } from '../wire/openflow-error.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { versionName } from '../wire/versions.ts'
import type { Message } from './message.ts'

/**
 * Bits of `flags`: `atomic` means that a packet sees the whole bundle or nothing of it, `ordered` that messages are
 * applied in the order of sending.
 */
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

const PROPERTIES = {
  /** The time to commit a scheduled bundle. It requires bit 2 of `flags` (7.3.9.9). */
  time: property(1, struct({ pad: pad(4), time: struct({ seconds: u64, nanoseconds: u32, pad: pad(4) }) })),
}
/** The time to commit a scheduled bundle: seconds and nanoseconds since 1970 (OpenFlow 1.5.1, 7.3.9.9). */
export type BundleProperty = PropertyOf<typeof PROPERTIES>
const bundleProperties = properties(PROPERTIES)
const NO_PROPERTIES: readonly BundleProperty[] = []

export const bundleControl = struct({
  bundle: u32,
  step: choice(u16, STEPS, errorNamed('BUNDLE_FAILED', 'BAD_TYPE')),
  flags: u16,
  properties: or(bundleProperties, NO_PROPERTIES),
})

/** Adds a message to a bundle (OpenFlow 1.5.1, 7.3.9.6). `Session.bundle` sends these messages itself. */
export interface BundleAddBody {
  readonly bundle: number
  readonly flags: number
  /** The bundled message. Its version is always that of the carrying message, and so is its xid unless it has one. */
  readonly message: Message
  readonly properties?: readonly BundleProperty[]
}

/** @param writeMessage writes a message of any type, since a bundle may contain any; readMessage reads one */
export const bundleAdd = (
  writeMessage: (w: Writer, message: Message, xid: number) => void,
  readMessage: (r: Reader) => Message,
): Part<BundleAddBody> => ({
  write(w, { bundle, flags, message, properties = NO_PROPERTIES }) {
    w.u32(bundle, 'bundle').zeros(2).u16(flags, 'flags')
    const start = w.length
    writeMessage(w, message, message.xid ?? w.xid)
    if (properties.length > 0) bundleProperties.write(w.align8(start), properties, 'properties')
  },
  read(r) {
    const bundle = r.u32()
    const flags = r.skip(2).u16()
    const start = r.offset
    const inner = r.part(innerLength(r))
    checkVersion(inner)
    const message = readMessage(inner)
    r.align8(start)
    return r.left === 0 ? { bundle, flags, message } : { bundle, flags, message, properties: bundleProperties.read(r) }
  },
})

/** BUNDLE_BAD_VERSION of Open vSwitch. The standard requires the same version (7.3.9.6) but has no error for it. */
const OTHER_VERSION: ErrorValue = { errorType: EXPERIMENTER, experimenter: NICIRA, code: 22 }

function checkVersion(r: Reader): void {
  const version = r.copy().u8()
  if (version === r.version) return
  const message = `a message of ${versionName(version)} in a bundle of ${versionName(r.version)}`
  throw new OpenFlowError('malformed', message, { offset: r.offset, error: OTHER_VERSION })
}

function innerLength(r: Reader): number {
  const length = r.copy().skip(2).u16()
  if (length >= 8 && length <= r.left) return length
  const error = errorNamed('BUNDLE_FAILED', 'MSG_BAD_LEN')
  throw new OpenFlowError('malformed', `a bundled message of ${length} octets, but ${r.left} are left`, {
    offset: r.offset,
    error,
  })
}
