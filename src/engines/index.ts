/** The built-in engines: one line each. */

import type { Engines } from '../../flows/compile.ts'
import { engineTables } from '../../flows/pipeline/table.ts'
import type { Engine, VnicKind } from '../core/engine/engine.ts'
import { ETHERNET } from '../core/engine/offers.ts'
import type { Range } from '../core/resources/segments.ts'
import { ethernetKind } from './ethernet/ethernet-vnic.ts'
import type { PhysicalNetworks } from './ethernet/physical-networks.ts'
import { flat } from './flat/flat.ts'
import { geneve } from './geneve/geneve.ts'
import { natIpv4 } from './nat-ipv4/nat-ipv4.ts'
import { remoteL2 } from './remote-l2/remote-l2.ts'
import { vlan } from './vlan/vlan.ts'
import { vxlan } from './vxlan/vxlan.ts'

export interface EngineSettings {
  readonly physicalNetworks: PhysicalNetworks
  readonly overlays: {
    readonly vxlan: { readonly vnis: readonly Range[] }
    readonly geneve: { readonly vnis: readonly Range[] }
    /** Octets that the underlay carries behind its Ethernet header. */
    readonly mtu: number
  }
}

/** In the order of their table ranges, which must not change: rules in switches stand there. */
const BUILT_IN: ReadonlyArray<readonly [alias: string, make: (settings: EngineSettings) => Engine]> = [
  ['vlan', ({ physicalNetworks }) => vlan(physicalNetworks)],
  [
    'vxlan',
    ({
      overlays: {
        mtu,
        vxlan: { vnis },
      },
    }) => vxlan({ underlayMtu: mtu, vnis }),
  ],
  [
    'geneve',
    ({
      overlays: {
        mtu,
        geneve: { vnis },
      },
    }) => geneve({ underlayMtu: mtu, vnis }),
  ],
  ['flat', ({ physicalNetworks }) => flat(physicalNetworks)],
  ['remote-l2', () => remoteL2()],
  ['nat-ipv4', ({ physicalNetworks }) => natIpv4(physicalNetworks)],
]

export const ENGINE_ALIASES: readonly string[] = BUILT_IN.map(([alias]) => alias)

/** Make the built-in engines of these names. */
export function builtIn(names: readonly string[], settings: EngineSettings): Engine[] {
  return BUILT_IN.filter(([alias]) => names.includes(alias)).map(([, make]) => make(settings))
}

/** The rules of engines, each in its own range of tables; those of outside ones come after all built-in ones. */
export function rulesOf(engines: ReadonlyMap<string, Engine>): Engines {
  const outside = [...engines.keys()].filter((alias) => !ENGINE_ALIASES.includes(alias))
  const slots = [...ENGINE_ALIASES, ...outside]
  return new Map(
    [...engines].map(([alias, { rules }]) => [alias, { rules, tables: engineTables(slots.indexOf(alias)) }]),
  )
}

/** The kinds of VNIC that the loaded engines take. */
export function kindsOf(engines: Iterable<Engine>): VnicKind[] {
  const loaded = [...engines]
  const isTaken = loaded.some(({ kinds }) => kinds.includes(ETHERNET))
  return [...(isTaken ? [ethernetKind] : []), ...loaded.flatMap(({ vnics }) => vnics ?? [])]
}
