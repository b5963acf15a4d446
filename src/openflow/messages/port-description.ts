/** Descriptions of ports (OpenFlow 1.5.1, 7.2.2; in 1.3.5, 7.2.1, without properties). */

import { fieldIds } from '../match/field-ids.ts'
import type { Writer } from '../wire/cursor.ts'
import { BAD_LEN } from '../wire/error-values.ts'
import { either, list, mac, type Part, pad, struct, text, u16, u32, type Values } from '../wire/layout.ts'
import { lacking, OpenFlowError } from '../wire/openflow-error.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { V1_4, V1_5 } from '../wire/versions.ts'

/** Bits of `config` of a port, set by the controller (ofp_port_config). */
export const PORT_CONFIG = { down: 1, noRecv: 4, noForward: 32, noPacketIn: 64 } as const
/** Bits of `state` of a port, observed by the switch (ofp_port_state). */
export const PORT_STATE = { linkDown: 1, blocked: 2, live: 4 } as const

const LINK = {
  /** Bits of ofp_port_features. */
  current: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  /** Kilobits per second. */
  currentSpeed: u32,
  maxSpeed: u32,
}
const link = struct(LINK)

const optical = struct({
  pad: pad(4),
  supported: u32,
  /** Frequencies in MHz, or wavelengths in hundredths of a nanometre; powers in tenths of dBm. */
  txMinFrequency: u32,
  txMaxFrequency: u32,
  txGrid: u32,
  rxMinFrequency: u32,
  rxMaxFrequency: u32,
  rxGrid: u32,
  txMinPower: u16,
  txMaxPower: u16,
})

const PROPERTIES = {
  ethernet: property(0, struct({ pad: pad(4), ...LINK })),
  optical: property(1, optical),
  pipeline_input: property(2, struct({ fields: fieldIds }), V1_5),
  pipeline_output: property(3, struct({ fields: fieldIds }), V1_5),
  recirculate: property(4, struct({ ports: list(u32) }), V1_5),
}

/**
 * A property of a port. `ethernet` has bits of ofp_port_features, and speeds in kilobits per second. `optical` has
 * frequencies in MHz or wavelengths in hundredths of a nanometre, and powers in tenths of a dBm.
 */
export type PortProperty = PropertyOf<typeof PROPERTIES>
const portProperties = properties(PROPERTIES)

const HEAD = { address: mac, pad2: pad(2), name: text(16), config: u32, state: u32 }
const head = struct(HEAD)
const LENGTH_WITHOUT_PROPERTIES = 40

/**
 * A port of the switch (OpenFlow 1.5.1, 7.2.2): `address` is its MAC address, `config` bits of `PORT_CONFIG`, `state`
 * of `PORT_STATE`.
 */
export interface Port extends Values<typeof HEAD> {
  readonly port: number
  /** In 1.3 exactly one property, `ethernet`. */
  readonly properties: readonly PortProperty[]
}

const extensible: Part<Port> = {
  write(w, port) {
    const start = w.length
    w.u32(port.port, 'port').u16(0).zeros(2)
    head.write(w, port, 'port')
    portProperties.write(w, port.properties, 'properties')
    w.patch16(start + 4, w.length - start, 'port')
  },
  read(r) {
    const offset = r.offset
    const port = r.u32()
    const length = r.u16()
    if (length < LENGTH_WITHOUT_PROPERTIES) {
      throw new OpenFlowError('malformed', `a port of ${length} octets: it has at least 40`, { offset, error: BAD_LEN })
    }
    const body = r.part(length - 6)
    return { port, ...head.read(body.skip(2)), properties: portProperties.read(body) }
  },
}

const NO_LINK = {
  type: 'ethernet',
  current: 0,
  advertised: 0,
  supported: 0,
  peer: 0,
  currentSpeed: 0,
  maxSpeed: 0,
} as const

/** The one property that 1.3 has. */
function onlyEthernet(w: Writer, [first = NO_LINK, second]: readonly PortProperty[]): Values<typeof LINK> {
  if (first.type !== 'ethernet') throw lacking(w.version, `property ${first.type} of a port`)
  if (second) throw lacking(w.version, `second property of a port, ${second.type}`)
  return first
}

const fixed: Part<Port> = {
  write(w, port) {
    w.u32(port.port, 'port').zeros(4)
    head.write(w, port, 'port')
    link.write(w, onlyEthernet(w, port.properties), 'ethernet')
  },
  read: (r) => ({
    port: r.u32(),
    ...head.read(r.skip(4)),
    properties: [{ type: 'ethernet', ...link.read(r) }],
  }),
}

export const portDescription: Part<Port> = either(V1_4, fixed, extensible)
