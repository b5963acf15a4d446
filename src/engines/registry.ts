/** The built-in engines, and the extensions that they offer: one line each. */
import type { Engines } from '../../flows/compile.ts'
import { engineTables } from '../../flows/pipeline.ts'
import type { Engine } from './engine.ts'
import { ethernetVnic } from './ethernet-vnic.ts'
import type { Extension } from './extension.ts'
import type { Host } from './host.ts'
import { logicalNetwork } from './logical-network.ts'
import type { Range } from './segments.ts'
import { vlan } from './vlan.ts'
import { vxlan } from './vxlan.ts'

export interface EngineSettings {
  readonly physicalNetworks: Readonly<Record<string, { readonly vlans: readonly Range[] }>>
  readonly overlays: { readonly vxlan: { readonly vnis: readonly Range[] } }
}

/** In the order of their table ranges, which must not change: rules in switches stand there. */
const BUILT_IN: ReadonlyArray<readonly [alias: string, make: (settings: EngineSettings) => Engine]> = [
  ['vlan', ({ physicalNetworks }) => vlan(physicalNetworks)],
  ['vxlan', ({ overlays }) => vxlan(overlays.vxlan.vnis)],
]

const EXTENSIONS: ReadonlyArray<readonly [alias: string, make: (host: Host, engines: readonly string[]) => Extension]> =
  [
    ['ethernet-vnic', ethernetVnic],
    ['logical-network', logicalNetwork],
  ]

export const ENGINE_ALIASES: readonly string[] = BUILT_IN.map(([alias]) => alias)

/** Load the engines that the configuration names. */
export function loadEngines(names: readonly string[], settings: EngineSettings): ReadonlyMap<string, Engine> {
  const chosen = BUILT_IN.filter(([alias]) => names.includes(alias))
  return new Map(chosen.map(([alias, make]) => [alias, make(settings)]))
}

/** Their rules, each in its own range of tables. */
export function rulesOf(engines: ReadonlyMap<string, Engine>): Engines {
  return new Map(
    [...engines].map(([alias, { rules }]) => [alias, { rules, tables: engineTables(ENGINE_ALIASES.indexOf(alias)) }]),
  )
}

/** The extensions that at least one loaded engine offers. */
export function extensionsOf(host: Host): Extension[] {
  return EXTENSIONS.flatMap(([alias, make]) => {
    const offering = [...host.engines.values()].filter(({ extensions }) => extensions.includes(alias))
    return offering.length > 0
      ? [
          make(
            host,
            offering.map((engine) => engine.alias),
          ),
        ]
      : []
  })
}
