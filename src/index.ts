/**
 * The package `plugboard`: the controller as a library, and the interfaces for authors of service engines. The OpenFlow and
 * OVSDB libraries are `plugboard/openflow` and `plugboard/ovsdb`.
 */
export type {
  Announcement,
  Domain,
  EngineRules,
  Fabric,
  Fabrics,
  Fault,
  Forward,
  Member,
  Neighbour,
  Overlay,
  PacketField,
  Punt,
  Target,
  Uplink,
  Wire,
} from '../flows/engines/engine-rules.ts'
export type { Routed, Translation } from '../flows/stages/nat/routed-fabric.ts'
export type { Placement } from '../topology/graph.ts'
export type { GraphReader } from '../topology/graph-reader.ts'
export type { Attributes, Hypervisor, Network, Port, Vnic } from '../topology/model.ts'
export { Controller, type ControllerOptions } from './controller.ts'
export type { Caller } from './core/caller.ts'
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
} from './core/engine/engine.ts'
export { EngineError, type EngineWish } from './core/engine/load.ts'
export { ETHERNET } from './core/engine/offers.ts'
export { peerAddress } from './core/engine/peer-address.ts'
export { ERRORS, type ErrorCode, PlugboardError } from './core/errors.ts'
export type { Event, EventLog } from './core/event-log.ts'
export type { Operations } from './core/operations.ts'
export { checkFree, Pool, type Range } from './core/resources/segments.ts'
export type { EngineSettings } from './engines/built-in.ts'
export { ethernetDomain, toMember, toPeer } from './engines/ethernet/ethernet-forward.ts'
export { ethernetGuard } from './engines/ethernet/ethernet-guard.ts'
export { checkMac } from './engines/ethernet/ethernet-vnic.ts'
export { tunnelPort } from './engines/ethernet/overlay.ts'
export { loadEngines } from './loaded-engines.ts'
export { type Json, type Store, StoreError, type Write } from './store/store.ts'
