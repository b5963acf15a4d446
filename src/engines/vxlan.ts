/** Engine `vxlan`: each network is a VNI, carried in UDP between the hypervisors that have members (RFC 7348). */
import { vxlanRules } from '../../flows/vxlan.ts'
import type { Engine } from './engine.ts'
import { type OverlaySettings, overlay } from './overlay.ts'

/** UDP 8, VXLAN 8 (no options), inner Ethernet 14. */
const HEADERS = 30

export const vxlan = (settings: OverlaySettings): Engine =>
  overlay(
    { alias: 'vxlan', name: 'VXLAN', rules: vxlanRules, headers: HEADERS, mostPeers: { ipv4: 770, ipv6: 500 } },
    settings,
  )
