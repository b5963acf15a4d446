/**
 * The package `plugboard`: the controller as a library, and the faces that the author of a service engine needs. The OpenFlow
 * and OVSDB libraries are `plugboard/openflow` and `plugboard/ovsdb`.
 */
export type { Domain, EngineRules, Fabric, Fault, Forward, Member, PacketField, Target, Wire } from '../flows/engine.ts'
export type { Attributes, Hypervisor, Network, Port, Vnic } from '../topology/nodes.ts'
export { Controller, type ControllerOptions } from './control/controller.ts'
export type { CoreOperations, Event, EventLog } from './control/operations.ts'
export type {
  Engine,
  FabricPort,
  NetworkPlan,
  NetworkService,
  PortPlan,
  PortService,
  VnicKind,
} from './engines/engine.ts'
export { type Call, type Caller, type Extension, type Reply, type Route, route } from './engines/extension.ts'
export { EngineError, type EngineWish, loadEngines } from './engines/load.ts'
export type { EngineSettings } from './engines/registry.ts'
export { ERRORS, type ErrorCode, PlugboardError } from './errors.ts'
export { type Json, type Store, StoreError, type Write } from './store/store.ts'
