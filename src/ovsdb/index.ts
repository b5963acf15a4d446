/** `plugboard/ovsdb`: an OVSDB client (RFC 7047). See README.md beside this file. */
export { type Mutations, operations, type RowInput, type Where } from './builders.ts'
export {
  type ConnectOptions,
  connect,
  Listener,
  type ListenOptions,
  listen,
  type OnConnection,
  type Target,
} from './connect.ts'
export { type Closed, Connection, type ConnectionOptions } from './connection.ts'
export { type ErrorCode, OvsdbError } from './errors.ts'
export { Framer } from './framer.ts'
export * from './open-vswitch.ts'
export type * from './operation.ts'
export { Reconnecting, type ReconnectingOptions, type Retry, reconnecting } from './reconnect.ts'
export {
  type Change,
  type Changes,
  type Everything,
  Replica,
  replicate,
  type Selection,
  type Tables,
} from './replica.ts'
export * from './schema.ts'
export {
  type BaseType,
  type ColumnSchema,
  type ColumnType,
  type DatabaseSchema,
  disagreements,
  type TableSchema,
} from './served.ts'
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
