/**
 * Status of the controllers of a switch (OpenFlow 1.5.1, 7.3.5.21, 7.4.5 and 7.4.6), and its features for bundles
 * (7.3.5.22).
 */
import { errorNamed } from '../wire/error-values.ts'
import { choice, list, or, type Part, pad, sized, struct, u8, u16, u32, u64, type Values } from '../wire/layout.ts'
import { octetsOf, textOf } from '../wire/octet-text.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { roleName } from './role-messages.ts'

const BAD_VALUE = errorNamed('BAD_PROPERTY', 'BAD_VALUE')

const uri: Part<{ readonly uri: string }> = {
  write: (w, value) => void w.bytes(octetsOf(value.uri)),
  read: (r) => ({ uri: textOf(r.rest()) }),
}
const PROPERTIES = { uri: property(0, uri) }
/** The address of a controller's connection: `tcp:10.0.0.1:6653`. */
export type ControllerProperty = PropertyOf<typeof PROPERTIES>

const REASONS = [
  'request',
  'channel_status',
  'role',
  'controller_added',
  'controller_removed',
  'short_id',
  'experimenter',
] as const

const STATUS = {
  length: pad(2),
  shortId: u16,
  role: roleName,
  reason: choice(u8, REASONS, BAD_VALUE),
  channel: choice(u8, ['up', 'down'] as const, BAD_VALUE),
  pad: pad(6),
  properties: properties(PROPERTIES),
}
/** The status of one controller of the switch, and why it is reported (OpenFlow 1.5.1, 7.3.5.21). */
export type ControllerStatus = Values<typeof STATUS>
const status = sized(struct(STATUS), 16)

export const controllerStatus = struct({ controller: status })
export const controllerStatuses = struct({ controllers: list(status) })

const time = struct({ seconds: u64, nanoseconds: u32, pad: pad(4) })
const FEATURE_PROPERTIES = {
  time: property(1, struct({ pad: pad(4), accuracy: time, maxFuture: time, maxPast: time, timestamp: time })),
}
/** How exactly the switch executes scheduled bundles, in seconds and nanoseconds (OpenFlow 1.5.1, 7.3.5.22). */
export type BundleFeaturesProperty = PropertyOf<typeof FEATURE_PROPERTIES>
const some = properties(FEATURE_PROPERTIES)
const NONE: readonly BundleFeaturesProperty[] = []

/** Bits of `flags`: bit 0 asks for a timestamp, bit 1 for the limits of scheduling. */
export const bundleFeaturesRequest = struct({ flags: or(u32, 0), pad: pad(4), properties: { ...some, fallback: NONE } })
/** `capabilities` has bits of BUNDLE_FLAGS. */
export const bundleFeatures = struct({ capabilities: u16, pad: pad(6), properties: some })
