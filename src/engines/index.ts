/** The built-in engines, and the extensions that engines offer: one line each. */
import type { Engines } from '../../flows/compile.ts'
import { engineTables } from '../../flows/pipeline/table.ts'
import type { Host } from '../core/draft.ts'
import type { Engine } from '../core/engine/engine.ts'
import type { Extension, Route } from '../core/engine/extension.ts'
import { logicalNetworkRoutes } from '../core/resources/logical-network.ts'
import { hasNetworks } from '../core/resources/network.ts'
import type { Range } from '../core/resources/segments.ts'
import { makesPorts, standalonePortRoute } from '../core/resources/standalone-ports.ts'
import { vnicRoute } from '../core/resources/vnic-kinds.ts'
import { ethernetNetworkFields } from './ethernet/ethernet-network.ts'
import { ETHERNET, ethernetKind } from './ethernet/ethernet-vnic.ts'
import type { PhysicalNetworks } from './ethernet/uplink.ts'
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

/** The extensions that at least one loaded engine offers. */
export function extensionsOf(host: Host): Extension[] {
  const engines = [...host.engines.values()]
  const ethernet = engines.filter(({ kinds }) => kinds.includes(ETHERNET))
  const networked = engines.filter(hasNetworks)
  const lone = engines.filter(makesPorts)
  const kinds = [...(ethernet.length > 0 ? [ethernetKind] : []), ...engines.flatMap(({ vnics }) => vnics ?? [])]
  const vnics = vnicRoute(host, kinds)
  const ports = standalonePortRoute(host, lone)
  const networks = logicalNetworkRoutes(host, networked)
  const inNetworks = networks.filter(({ operation }) => operation === 'create_port')
  const creating = networks.filter(({ operation }) => /^create_/.test(operation))
  const aliases = (some: readonly Engine[]) => some.map(({ alias }) => alias)
  const own = (engine: Engine): Route[] => [
    ...(engine.vnics ? [vnics] : []),
    ...(engine.ports ? [ports] : []),
    // Those that all Ethernet engines have are a part of logical-network.
    ...(engine.networks?.fields && engine.networks.fields !== ethernetNetworkFields ? creating : []),
    ...(engine.ports?.inNetworks && networked.length > 0 ? inNetworks : []),
  ]
  return [
    {
      alias: 'ethernet-vnic',
      name: 'Ethernet VNICs',
      description: 'VNICs that are Ethernet devices, each with a MAC address.',
      engines: aliases(ethernet),
      routes: [vnics],
    },
    {
      alias: 'logical-network',
      name: 'Logical networks',
      description: 'Layer-2 networks of a project, and the ports in them.',
      engines: aliases(networked),
      routes: networks,
    },
    ...engines.map((engine) => ({ ...named(engine), engines: [engine.alias], routes: own(engine) })),
  ].filter(({ engines, routes }) => engines.length > 0 && routes.length > 0)
}

const named = ({ alias, name, description }: Engine) => ({ alias, name, description })
