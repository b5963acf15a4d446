/** What the loaded engines offer: networks, ports in no network, and kinds of VNIC. */
import { PlugboardError } from '../errors.ts'
import { quoted } from '../quoted.ts'
import type { Engine, NetworkService, PortService, VnicKind } from './engine.ts'

/** The default kind of a VNIC: an Ethernet device. */
export const ETHERNET = 'ethernet'

/** The default engine of a network. */
export const DEFAULT_ENGINE = 'vlan'

export type NetworkEngine = Engine & { readonly networks: NetworkService }
export type PortEngine = Engine & { readonly ports: PortService }

type Engines = ReadonlyMap<string, Engine>

/** The engines that have networks. */
export const networkEngines = (engines: Engines): NetworkEngine[] =>
  [...engines.values()].filter((engine): engine is NetworkEngine => engine.networks !== undefined)

/** The engines that serve ports by themselves. */
export const portEngines = (engines: Engines): PortEngine[] =>
  [...engines.values()].filter((engine): engine is PortEngine => engine.ports !== undefined)

/** The engines whose ports may be in networks, where they lead to remote sites. */
export const bridgingEngines = (engines: Engines): PortEngine[] =>
  portEngines(engines).filter(({ ports }) => ports.inNetworks)

/** @throws PlugboardError `unknown-engine`; `unsupported` if the engine has no networks */
export const findNetworkEngine = (engines: Engines, alias: string): NetworkEngine =>
  find(engines, alias, networkEngines(engines), 'has no networks')

/** @throws PlugboardError `unknown-engine`; `unsupported` if the engine has no ports of its own */
export const findPortEngine = (engines: Engines, alias: string): PortEngine =>
  find(engines, alias, portEngines(engines), 'has no ports on their own')

/** @throws PlugboardError `bad-request` if no loaded engine takes VNICs of this kind */
export function findKind(kinds: readonly VnicKind[], name: string): VnicKind {
  const kind = kinds.find((each) => each.kind === name)
  if (kind) return kind
  const known = kinds.map((each) => each.kind).join(', ')
  const detail = `no loaded engine takes VNICs of kind ${quoted(name)}: take one of ${known}`
  throw new PlugboardError('bad-request', detail, { field: 'kind' })
}

/** @param able the loaded engines that offer the service @param otherwise what the other loaded engines lack */
function find<E extends Engine>(engines: Engines, alias: string, able: readonly E[], otherwise: string): E {
  const found = able.find((engine) => engine.alias === alias)
  if (found) return found
  const [code, why] = engines.has(alias)
    ? (['unsupported', `engine ${quoted(alias)} ${otherwise}`] as const)
    : (['unknown-engine', `engine ${quoted(alias)} is not loaded`] as const)
  const those = able.map((engine) => engine.alias).join(', ')
  throw new PlugboardError(code, `${why}: take one of ${those}`, { field: 'engine' })
}
