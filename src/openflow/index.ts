/** OpenFlow for Node.js: messages as plain objects, rules as data and as text, sessions with switches. */
export { type Action, load, type SetField, type StandardAction, type UnknownAction } from './actions.ts'
export { ipv4, ipv6, mac, printIpv4, printIpv6, printMac } from './addresses.ts'
export type { AsyncProperty } from './async.ts'
export { BUCKET, type Bucket } from './buckets.ts'
export { BUNDLE_FLAGS, type BundleAddBody, type BundleProperty } from './bundle-messages.ts'
export { canonicalMatch } from './canonical.ts'
export { checkRule } from './check.ts'
export { decode, encode } from './codec.ts'
export type { BundleFeaturesProperty, ControllerProperty, ControllerStatus } from './controllers.ts'
export { type ErrorValue, errorName, errorNamed, OpenFlowError, type OpenFlowErrorCode } from './errors.ts'
export type { FieldId } from './field-ids.ts'
export { FIELDS, type FieldName, type KnownField, type Match, type OxmField, type UnknownField } from './fields.ts'
export { ALL_TABLES, FLOW_FLAGS, type Flow, type FlowEntry, type FlowModCommand, NONE } from './flow.ts'
export type { FlowCounts, FlowRequest } from './flow-requests.ts'
export { Framer } from './framer.ts'
export type { HelloElement } from './greeting.ts'
export {
  GROUP,
  type Group,
  type GroupCommand,
  type GroupFeatures,
  type GroupProperty,
  type GroupStats,
  type GroupType,
} from './groups.ts'
export type { Instruction } from './instructions.ts'
export type {
  Decoded,
  FlowMod,
  GroupMod,
  Message,
  MessageOf,
  MessageType,
  MeterMod,
  UnknownMessage,
} from './messages.ts'
export {
  type Band,
  METER,
  METER_FLAGS,
  type Meter,
  type MeterCommand,
  type MeterFeatures,
  type MeterStats,
} from './meters.ts'
export { type FlowUpdate, type FullUpdate, MONITOR_FLAGS, type MonitorRequest } from './monitor.ts'
export type { MultipartReply, MultipartRequest, SwitchDescription } from './multipart.ts'
export type { LearnAction, LearnSpec } from './nicira/learn.ts'
export type { NiciraAction } from './nicira.ts'
export type { CtFlushProperty, IpfixStats, TlvMapping, TupleProperty } from './nicira-messages.ts'
export type { PacketIn2, PacketIn2Property } from './packet-in2.ts'
export type { FlowRemoved, PacketIn, PacketOut } from './packets.ts'
export type { PortModProperty, PortStats, PortStatsProperty } from './port-messages.ts'
export { PORT, PORT_CONFIG, PORT_STATE, type Port, type PortProperty } from './ports.ts'
export { arp, icmp, ipv4Packets, ipv6Packets, sctp, tcp, udp } from './prerequisites.ts'
export type { UnknownProperty } from './properties.ts'
export { ALL_QUEUES, type Queue, type QueueProperty, type QueueStats } from './queues.ts'
export type { Role } from './roles.ts'
export { ruleBody, ruleKey } from './rule.ts'
export type { BundleOptions } from './session/bundle.ts'
export { BundleError, type Refused } from './session/bundle-error.ts'
export type { SessionOptions } from './session/handshake.ts'
export { type ConnectOptions, connect, type Listener, type ListenOptions, listen } from './session/listener.ts'
export type { ReplyTo, Request } from './session/requests.ts'
export { type Features, Session } from './session/session.ts'
export type { Tls } from './session/tls.ts'
export type { Closed } from './session/wire.ts'
export type { FlowStats, Seconds, UnknownStat } from './stats.ts'
export type { Bits, Subfield } from './subfield.ts'
export type { TableFeatures, TableFeaturesCommand, TableFeaturesProperty, TypeId } from './table-features.ts'
export { TABLE_CONFIG, type TableDescription, type TableProperty, type TableStats } from './tables.ts'
export { printActions, printInstructions } from './text/actions.ts'
export { printFlow } from './text/flow.ts'
export { parseGroup, printGroup } from './text/group.ts'
export { parseMatch, printMatch } from './text/match.ts'
export { parseMeter, printMeter } from './text/meter.ts'
export { parseFlow, parseInstructions } from './text/parse.ts'
export { parseActions } from './text/parse-actions.ts'
export { VERSIONS, versionName } from './versions.ts'
