/** How the kit's controllers and laws have the built-in engines. */
import type { EngineSettings } from '../../src/engines/registry.ts'
import { PHYSICAL_NETWORKS } from './description.ts'

const VLANS = [{ first: 100, last: 4000 }]
const VNIS = [{ first: 4096, last: 0xffffff }]

export const SETTINGS: EngineSettings = {
  physicalNetworks: Object.fromEntries(PHYSICAL_NETWORKS.map((name) => [name, { vlans: VLANS }])),
  overlays: { vxlan: { vnis: VNIS }, geneve: { vnis: VNIS }, mtu: 1500 },
}
