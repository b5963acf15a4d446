/** Engine `vxlan`: each network is a VNI, carried in UDP between the hypervisors that have members (RFC 7348). */

import type { Engine } from '../../core/engine/engine.ts'
import type { BuiltInEngine } from '../built-in.ts'
import { type OverlaySettings, overlay } from '../ethernet/overlay.ts'
import { vxlanRules } from './vxlan-rules.ts'

/** UDP 8, VXLAN 8 (no options), inner Ethernet 14. */
const HEADERS_OCTETS = 30

/** Octets of actions per peer. In the measurement, a flood reached 780 peers over IPv4 and 630 over IPv6. */
const COPY = { ipv4: 84, ipv6: 104 }

export const vxlan = (settings: OverlaySettings): Engine =>
  overlay({ alias: 'vxlan', name: 'VXLAN', rules: vxlanRules, headers: HEADERS_OCTETS, copy: COPY }, settings)

export const vxlanEngine: BuiltInEngine = {
  alias: 'vxlan',
  slot: 1,
  make: ({
    overlays: {
      mtu,
      vxlan: { vnis },
    },
  }) => vxlan({ underlayMtu: mtu, vnis }),
}
