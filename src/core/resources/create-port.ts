/** Creates a port, in a draft: in a network, as the remote end of a bridged network, or in no network. */
import { Type } from 'typebox'
import type { NetworkId, ProjectId } from '../../../topology/ids.ts'
import type { Network } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import type { Engine } from '../engine/engine.ts'
import { bridgingEngines, findPortEngine, type PortEngine } from '../engine/offers.ts'
import { checkEngineRole } from '../engine/roles.ts'
import { PlugboardError } from '../errors.ts'
import type { ResourceContext } from './context.ts'
import { type Body, type Divided, divide } from './field-table.ts'
import { only } from './fields.ts'
import { makePort, PLAIN } from './make-port.ts'
import { findNetwork } from './network.ts'

interface Request {
  readonly draft: Draft
  readonly context: ResourceContext
  readonly project: ProjectId
  readonly body: Divided
  readonly caller: Caller
}

/**
 * @param networkId null for a port in no network; then the request names the engine
 * @param body the request, with fields of the core, the features and the engine
 * @throws PlugboardError
 */
export function createPort(
  draft: Draft,
  context: ResourceContext,
  project: ProjectId,
  networkId: NetworkId | null,
  body: Body,
  caller: Caller,
): ReturnType<typeof makePort> {
  const { engines, tables } = context
  const divided = divide(tables.port, networkId === null ? 'createAlone' : 'create', body)
  const request = { draft, context, project, body: divided, caller }
  if (networkId === null) return fromEngine(request, findPortEngine(engines, String(divided.given.engine)), null)
  const network = findNetwork(draft.graph, project, networkId)
  const bridging = bridgingEngines(engines).find(({ ports }) =>
    Object.keys(divided.fields).some((field) => field in ports.schema.properties),
  )
  if (!bridging) return inNetwork(request, network)
  checkBridging(project, network, engines.get(network.engine))
  return fromEngine(request, bridging, network)
}

/** Creates a port in a network, for a VNIC. */
function inNetwork({ draft, context, project, body, caller }: Request, network: Network) {
  const networks = context.engines.get(network.engine)?.networks
  const portFields = networks?.portFields
  only(portFields?.schema ?? Type.Object({}), body.fields, `a port of engine ${network.engine}`)
  return makePort(draft, context, project, {
    occasion: 'create',
    engine: network.engine,
    network,
    body,
    caller,
    plan: (port) => networks?.planPort?.(draft.graph, network, port) ?? PLAIN,
    portFields,
  })
}

/** Creates a port that an engine serves by itself. */
function fromEngine(
  { draft, context, project, body, caller }: Request,
  { alias, ports }: PortEngine,
  network: Network | null,
) {
  const { given, fields } = body
  checkEngineRole(context.policy.roles, alias, caller, 'a port')
  only(ports.schema, fields, `a port of engine ${alias}`)
  return makePort(draft, context, project, {
    occasion: network ? 'create' : 'createAlone',
    engine: alias,
    network,
    body: { given, fields: ports.canonical?.(fields) ?? fields },
    caller,
    plan: () => ports.plan(draft.graph, network, fields, caller),
  })
}

/** @throws PlugboardError if the project may not bridge the network, or the engine of the network does not support it */
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
