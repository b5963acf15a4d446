/** Engine `geneve`: each network is a VNI, carried in UDP between the hypervisors that have members (RFC 8926). */

import type { Engine } from '../../core/engine/engine.ts'
import type { BuiltInEngine } from '../built-in.ts'
import { type OverlaySettings, overlay } from '../ethernet/overlay.ts'
import { geneveRules } from './geneve-rules.ts'

/** UDP 8, Geneve 8 (no options), inner Ethernet 14. */
const HEADERS_OCTETS = 30

/** Octets of actions per peer. In the measurement, a flood reached 780 peers over IPv4 and 630 over IPv6. */
const COPY = { ipv4: 84, ipv6: 104 }

export const geneve = (settings: OverlaySettings): Engine =>
  overlay({ alias: 'geneve', name: 'Geneve', rules: geneveRules, headers: HEADERS_OCTETS, copy: COPY }, settings)

export const geneveEngine: BuiltInEngine = {
  alias: 'geneve',
  slot: 2,
  make: ({
    overlays: {
      mtu,
      geneve: { vnis },
    },
  }) => geneve({ underlayMtu: mtu, vnis }),
}
