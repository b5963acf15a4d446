/**
 * The package `plugboard`: the controller as a library, and the faces that the author of a service engine needs. The OpenFlow
 * and OVSDB libraries are `plugboard/openflow` and `plugboard/ovsdb`.
 */
export type { EngineRules, Fabric, Fault, Forward, PacketField, Target } from '../flows/engine.ts'
export type { Attributes, Hypervisor, Network, Port, Vnic } from '../topology/nodes.ts'
export { Controller, type ControllerOptions } from './control/controller.ts'
export type { CoreOperations, Event, EventLog } from './control/operations.ts'
export type { Engine, FabricPort, NetworkPlan } from './engines/engine.ts'
export { type Call, type Caller, type Extension, type Reply, type Route, route } from './engines/extension.ts'
export type { EngineSettings } from './engines/registry.ts'
export { ERRORS, type ErrorCode, PlugboardError } from './errors.ts'
export { type Json, type Store, StoreError, type Write } from './store/store.ts'
