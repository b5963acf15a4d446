/** Creates a port, in a draft: in a network, as the remote end of a bridged network, or in no network. */
import { Type } from 'typebox'
import type { NetworkId, ProjectId } from '../../../topology/ids.ts'
import type { Network } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import type { Engine } from '../engine/engine.ts'
import { bridgingEngines, findPortEngine, type PortEngine } from '../engine/offers.ts'
import { PlugboardError } from '../errors.ts'
import { only } from './fields.ts'
import { makePort, PLAIN, type PortWish } from './make-port.ts'
import { findNetwork } from './network.ts'

/** What a request for a port says: the core's fields, and its engine's. */
export interface PortRequest extends PortWish {
  /** Of a port in no network. */
  readonly engine?: string
  readonly [field: string]: unknown
}

interface Request {
  readonly draft: Draft
  readonly engines: ReadonlyMap<string, Engine>
  readonly project: ProjectId
  readonly wish: PortWish
  /** What the request says beside the core's fields. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly caller: Caller
}

/**
 * @param networkId null for a port in no network; then the request names the engine
 * @throws PlugboardError
 */
export function createPort(
  draft: Draft,
  engines: ReadonlyMap<string, Engine>,
  project: ProjectId,
  networkId: NetworkId | null,
  { id, name, rate_limit = null, trunk = [], ...rest }: PortRequest,
  caller: Caller,
): ReturnType<typeof makePort> {
  const wish = { ...(id && { id }), ...(name && { name }), rate_limit, trunk }
  const request = { draft, engines, project, wish, caller }
  if (networkId === null) {
    const { engine = '', ...fields } = rest
    return fromEngine({ ...request, fields }, findPortEngine(engines, engine), null)
  }
  const network = findNetwork(draft.graph, project, networkId)
  const bridging = bridgingEngines(engines).find(({ ports }) =>
    Object.keys(rest).some((field) => field in ports.schema.properties),
  )
  if (!bridging) return inNetwork({ ...request, fields: rest }, network)
  checkBridging(project, network, engines.get(network.engine))
  return fromEngine({ ...request, fields: rest }, bridging, network)
}

/** A port that takes a VNIC of the network. */
function inNetwork({ draft, engines, project, wish, fields, caller }: Request, network: Network) {
  const networks = engines.get(network.engine)?.networks
  const portFields = networks?.portFields
  only(portFields?.schema ?? Type.Object({}), fields, `a port of engine ${network.engine}`)
  return makePort(draft, project, wish, {
    engines,
    engine: network.engine,
    network,
    fields,
    caller,
    plan: (port) => networks?.planPort?.(draft.graph, network, port) ?? PLAIN,
    addresses: (port) => networks?.addresses?.(network, port) ?? [],
    portFields,
  })
}

/** A port as an engine makes it by itself. */
function fromEngine(
  { draft, engines, project, wish, fields, caller }: Request,
  { alias, ports }: PortEngine,
  network: Network | null,
) {
  only(ports.schema, fields, `a port of engine ${alias}`)
  return makePort(draft, project, wish, {
    engines,
    engine: alias,
    network,
    fields: ports.canonical?.(fields) ?? fields,
    caller,
    plan: () => ports.plan(draft.graph, network, fields, caller),
  })
}

/** @throws PlugboardError if the project may not bridge the network, or its engine cannot */
function checkBridging(
  project: ProjectId,
  { id, project: owner, engine }: Network,
  networks: Engine | undefined,
): void {
  if (owner !== project) {
    throw new PlugboardError('forbidden', `network ${id} is shared: only project ${owner} may bridge it`)
  }
  if (networks?.networks?.bridged === false) {
    throw new PlugboardError('unsupported', `a network of engine ${engine} cannot be bridged to a remote site`)
  }
}
