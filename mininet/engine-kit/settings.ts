/** How the kit's controllers and laws have the built-in engines. */
import type { EngineSettings } from '../../src/engines/registry.ts'
import { PHYSICAL_NETWORKS } from './description.ts'

const VLANS = [{ first: 100, last: 4000 }]
const FLOATING = [{ prefix: { first: 0xcb007100, length: 24 }, vlan: 50, gateway: 0xcb007101 }]
const VNIS = [{ first: 4096, last: 0xffffff }]

export const SETTINGS: EngineSettings = {
  physicalNetworks: Object.fromEntries(PHYSICAL_NETWORKS.map((name) => [name, { vlans: VLANS, floating: FLOATING }])),
  overlays: { vxlan: { vnis: VNIS }, geneve: { vnis: VNIS }, mtu: 1500 },
}
