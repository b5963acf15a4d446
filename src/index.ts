/**
 * The package `plugboard`: the controller as a library, and the interfaces for authors of service engines. The OpenFlow and
 * OVSDB libraries are `plugboard/openflow` and `plugboard/ovsdb`.
 */
export { attribute } from '../flows/engines/attribute.ts'
export type {
  Announcement,
  Borrowed,
  Domain,
  EngineRules,
  Fabric,
  Fabrics,
  Fault,
  Forward,
  Guard,
  Member,
  Neighbour,
  Overlay,
  PacketField,
  Punt,
  Target,
  Uplink,
  Wire,
} from '../flows/engines/engine-rules.ts'
export {
  called,
  named,
} from '../flows/engines/engine-rules.ts'
export type { Routed, Translation } from '../flows/stages/nat/routed-fabric.ts'
export type { Placement } from '../topology/graph.ts'
export type { GraphReader } from '../topology/graph-reader.ts'
export type { Attributes, Hypervisor, Network, Port, Vnic } from '../topology/model.ts'
export { Controller } from './controller/controller.ts'
export type { ControllerOptions } from './controller/options.ts'
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
export { portFieldsOf } from './core/engine/port-rows.ts'
export { ERRORS, type ErrorCode, PlugboardError } from './core/errors.ts'
export type { Event, EventLog } from './core/event-log.ts'
export type { Operations } from './core/operations.ts'
export { asAttribute, type EngineField, schemaOf } from './core/resources/field.ts'
export type { EnginePortField } from './core/resources/port-fields.ts'
export { checkFree, Pool, type Range } from './core/resources/segments.ts'
export type { EngineSettings } from './engines/built-in.ts'
export { advertise6, type Settings6 } from './engines/dhcp/router6.ts'
export { type BootOption, type Lease4, type Route4, serve4, type Told } from './engines/dhcp/server4.ts'
export { serve6 } from './engines/dhcp/server6.ts'
export { whereItIs } from './engines/ethernet/announce.ts'
export { ethernetAnswer } from './engines/ethernet/ethernet-answer.ts'
export { ethernetDomain, toMember, toPeer, toUplink } from './engines/ethernet/ethernet-forward.ts'
export { ethernetGuard } from './engines/ethernet/ethernet-guard.ts'
export { ethernetNetworks } from './engines/ethernet/ethernet-networks.ts'
export { checkMac } from './engines/ethernet/ethernet-vnic.ts'
export { floodLimit } from './engines/ethernet/floods.ts'
export { macOf } from './engines/ethernet/mac.ts'
export { borrows, neighbours } from './engines/ethernet/neighbours.ts'
export { servers } from './engines/ethernet/network-addressing.ts'
export { tunnelPort } from './engines/ethernet/overlay.ts'
export { overlayRules, tunnelFault, tunnelRole } from './engines/ethernet/overlay-rules.ts'
export { punts } from './engines/ethernet/punts.ts'
export { physicalUplink, uplinkRules } from './engines/ethernet/uplink-rules.ts'
export { loadEngines } from './loaded-engines.ts'
export { type Json, type Store, StoreError, type Write } from './store/store.ts'
