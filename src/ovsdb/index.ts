/** `plugboard/ovsdb`: an OVSDB client (RFC 7047 and the extensions of OVS). See README.md in this directory. */
export { type Condition, type Conditions, type Mutations, operations, type Where } from './builders.ts'
export { type ConnectOptions, connect } from './connect.ts'
export { Connection } from './connection.ts'
export { Framer } from './json-framer.ts'
export { Listener, type ListenOptions, listen, type OnConnection } from './listen.ts'
export type { Membership } from './member.ts'
export type { ReplicaLimits } from './mirror.ts'
export {
  type Monitor,
  type MonitorMethod,
  type MonitorRequest,
  type MonitorRequests,
  type MonitorUpdate,
  NO_TRANSACTION,
  type OnMonitorUpdate,
} from './monitor.ts'
export * from './open-vswitch.ts'
export type * from './operation.ts'
export { type ErrorCode, OvsdbError } from './ovsdb-error.ts'
export type { Peer } from './peer.ts'
export type { Closed, PeerOptions, RequestOptions } from './peer-options.ts'
export { Reconnecting, type ReconnectingOptions, type Retry, reconnecting } from './reconnect.ts'
export { Replica, replicate } from './replica.ts'
export * from './schema.ts'
export type { Change, Changes, Everything, Only, Selection, Tables } from './selection.ts'
export {
  type BaseType,
  type ColumnSchema,
  type ColumnType,
  type DatabaseSchema,
  databaseSchemaOf,
  disagreements,
  type TableSchema,
} from './served.ts'
export type { Lock } from './server-lock.ts'
export { parseActive, parsePassive, printTarget, type Target, type Tls } from './target.ts'
export {
  encode,
  type NamedUuid,
  namedUuid,
  type Plain,
  type Uuid,
  uuid,
  type WireAtom,
  type WireValue,
} from './value.ts'
