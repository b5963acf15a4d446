/** The extensions of the API, with the engines that offer them and the routes that they add. */
import type { Engine } from '../../core/engine/engine.ts'
import { ETHERNET, networkEngines } from '../../core/engine/offers.ts'
import type { Operations } from '../../core/operations.ts'

export interface Extension {
  readonly alias: string
  readonly name: string
  readonly description: string
  /** The aliases of the loaded engines that offer the extension. */
  readonly engines: readonly string[]
  /** The operation ids of its routes. */
  readonly operationIds: readonly string[]
}

/** The extensions that several engines share. */
const SHARED: ReadonlyArray<Omit<Extension, 'engines'> & { readonly isOf: (engine: Engine) => boolean }> = [
  {
    alias: 'ethernet-vnic',
    name: 'Ethernet VNICs',
    description: 'VNICs that are Ethernet devices, each with a MAC address.',
    operationIds: ['create_vnic'],
    isOf: ({ kinds }) => kinds.includes(ETHERNET),
  },
  {
    alias: 'logical-network',
    name: 'Logical networks',
    description: 'Layer-2 networks of a project, and the ports in them.',
    operationIds: [
      'create_network',
      'list_networks',
      'show_network',
      'destroy_network',
      'create_port',
      'list_network_ports',
    ],
    isOf: ({ networks }) => networks !== undefined,
  },
]

/** The extensions that at least one loaded engine offers. */
export function extensionsOf({ engines }: Operations): Extension[] {
  const loaded = [...engines.values()]
  const hasNetworks = networkEngines(engines).length > 0
  const shared = SHARED.map(({ isOf, ...extension }) => ({
    ...extension,
    engines: loaded.filter(isOf).map(({ alias }) => alias),
  }))
  const own = loaded.map((engine) => {
    const { alias, name, description } = engine
    return { alias, name, description, engines: [alias], operationIds: ownOperations(engine, hasNetworks) }
  })
  return [...shared, ...own].filter((each) => each.engines.length > 0 && each.operationIds.length > 0)
}

/** The routes that take fields or kinds of VNIC that belong to this engine alone. */
function ownOperations({ vnics, ports, networks }: Engine, hasNetworks: boolean): string[] {
  const hasOwnFields = networks?.fields !== undefined && networks.fields.extension === undefined
  return [
    ...(vnics ? ['create_vnic'] : []),
    ...(ports ? ['create_port_on_its_own'] : []),
    ...(hasOwnFields ? ['create_network'] : []),
    ...(hasOwnFields || (ports?.inNetworks && hasNetworks) ? ['create_port'] : []),
  ]
}
