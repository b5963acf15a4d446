/** Engine `geneve`: each network is a VNI, carried in UDP between the hypervisors that have members (RFC 8926). */
import { geneveRules } from '../../flows/geneve.ts'
import type { Engine } from './engine.ts'
import { type OverlaySettings, overlay } from './overlay.ts'

/** UDP 8, Geneve 8 (no options), inner Ethernet 14. */
const HEADERS = 30

export const geneve = (settings: OverlaySettings): Engine =>
  overlay(
    { alias: 'geneve', name: 'Geneve', rules: geneveRules, headers: HEADERS, mostPeers: { ipv4: 770, ipv6: 500 } },
    settings,
  )
