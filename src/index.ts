/**
 * The package `plugboard`: the controller as a library, and the faces that the author of a service engine needs. The OpenFlow
 * and OVSDB libraries are `plugboard/openflow` and `plugboard/ovsdb`.
 */
export type {
  Announcement,
  Domain,
  EngineRules,
  Fabric,
  Fault,
  Forward,
  Member,
  Neighbour,
  PacketField,
  Question,
  Target,
  Wire,
} from '../flows/engine.ts'
export { ethernetDomain, toMember, toPeer } from '../flows/ethernet/forward.ts'
export { ethernetGuard } from '../flows/ethernet/guard.ts'
export type { Graph, Placement } from '../topology/graph.ts'
export type { Attributes, Hypervisor, Network, Port, Vnic } from '../topology/nodes.ts'
export { Controller, type ControllerOptions } from './control/controller.ts'
export type { CoreOperations, Event, EventLog } from './control/operations.ts'
export { peerAddress } from './engines/addresses.ts'
export type {
  Answer,
  Condition,
  Engine,
  FabricPort,
  NetworkPlan,
  NetworkService,
  ObjectSchema,
  PoolAddress,
  PortFields,
  PortPlan,
  PortService,
  VnicKind,
} from './engines/engine.ts'
export { checkMac, ETHERNET } from './engines/ethernet-vnic.ts'
export { type Call, type Caller, type Extension, type Reply, type Route, route } from './engines/extension.ts'
export { EngineError, type EngineWish, loadEngines } from './engines/load.ts'
export { tunnelPort } from './engines/overlay.ts'
export type { EngineSettings } from './engines/registry.ts'
export { checkFree, Pool, type Range } from './engines/segments.ts'
export { ERRORS, type ErrorCode, PlugboardError } from './errors.ts'
export { type Json, type Store, StoreError, type Write } from './store/store.ts'
