/** The settings of the built-in engines in the kit. */
import { readFloating } from '../../src/config/floating.ts'
import type { EngineSettings } from '../../src/engines/built-in.ts'
import { FLOATING, PHYSICAL_NETWORKS } from './description.ts'

const VLANS = [{ first: 100, last: 4000 }]
const POOLS = readFloating([FLOATING])
const VNIS = [{ first: 4096, last: 0xffffff }]

export const SETTINGS: EngineSettings = {
  physicalNetworks: Object.fromEntries(PHYSICAL_NETWORKS.map((name) => [name, { vlans: VLANS, floating: POOLS }])),
  overlays: { vxlan: { vnis: VNIS }, geneve: { vnis: VNIS }, mtu: 1500 },
}
