/** OpenFlow for Node.js: messages as plain objects, rules as data and as text, and sessions with switches. */
export { type Action, load, type SetField, type StandardAction, type UnknownAction } from './actions/actions.ts'
export { checkRule } from './actions/check-rule.ts'
export type { Instruction } from './actions/instructions.ts'
export type { LearnAction, LearnSpec } from './actions/learn.ts'
export type { NiciraAction } from './actions/nicira-actions.ts'
export { canonicalMatch } from './match/canonical-match.ts'
export type { FieldId } from './match/field-ids.ts'
export {
  FIELDS,
  type FieldName,
  type KnownField,
  type Match,
  type OxmField,
  type UnknownField,
} from './match/match-fields.ts'
export { arp, icmp, ipv4Packets, ipv6Packets, sctp, tcp, udp } from './match/packet-matches.ts'
export type { Bits, Subfield } from './match/subfield.ts'
export type { AsyncProperty } from './messages/async-config.ts'
export { BUCKET, type Bucket } from './messages/buckets.ts'
export { BUNDLE_FLAGS, type BundleAddBody, type BundleProperty } from './messages/bundle-messages.ts'
export { decode, encode } from './messages/codec.ts'
export type { BundleFeaturesProperty, ControllerProperty, ControllerStatus } from './messages/controller-messages.ts'
export {
  ALL_TABLES,
  FLOW_FLAGS,
  type Flow,
  type FlowEntry,
  type FlowModCommand,
  NONE,
} from './messages/flow-messages.ts'
export { type FlowUpdate, type FullUpdate, MONITOR_FLAGS, type MonitorRequest } from './messages/flow-monitor.ts'
export type { FlowCounts, FlowRequest } from './messages/flow-requests.ts'
export {
  GROUP,
  type Group,
  type GroupCommand,
  type GroupFeatures,
  type GroupProperty,
  type GroupStats,
  type GroupType,
} from './messages/group-messages.ts'
export type { HelloElement } from './messages/hello.ts'
export type {
  Decoded,
  FlowMod,
  GroupMod,
  Message,
  MessageOf,
  MessageType,
  MeterMod,
  UnknownMessage,
} from './messages/message.ts'
export {
  type Band,
  METER,
  METER_FLAGS,
  type Meter,
  type MeterCommand,
  type MeterFeatures,
  type MeterStats,
} from './messages/meter-messages.ts'
export type { MultipartReply, MultipartRequest, SwitchDescription } from './messages/multipart.ts'
export type { CtFlushProperty, IpfixStats, TlvMapping, TupleProperty } from './messages/nicira-messages.ts'
export type { PacketIn2, PacketIn2Property } from './messages/nicira-packet-in.ts'
export type { FlowRemoved, PacketIn, PacketOut } from './messages/packet-messages.ts'
export { PORT_CONFIG, PORT_STATE, type Port, type PortProperty } from './messages/port-description.ts'
export type { PortModProperty, PortStats, PortStatsProperty } from './messages/port-messages.ts'
export { ALL_QUEUES, type Queue, type QueueProperty, type QueueStats } from './messages/queue-messages.ts'
export type { Role } from './messages/role-messages.ts'
export type { TableFeatures, TableFeaturesCommand, TableFeaturesProperty, TypeId } from './messages/table-features.ts'
export { TABLE_CONFIG, type TableDescription, type TableProperty, type TableStats } from './messages/table-messages.ts'
export type { BundleOptions } from './session/bundle.ts'
export { BundleError, type Refused } from './session/bundle-error.ts'
export type { Closed } from './session/channel.ts'
export type { SessionOptions } from './session/handshake.ts'
export { type ConnectOptions, connect, type Listener, type ListenOptions, listen } from './session/listener.ts'
export type { ReplyTo, Request } from './session/requests.ts'
export { type Features, Session } from './session/session.ts'
export type { Tls } from './session/tls.ts'
export { ipv4, ipv6, mac, printIpv4, printIpv6, printMac } from './text/address-text.ts'
export { parseGroup, printGroup } from './text/group-text.ts'
export { parseMeter, printMeter } from './text/meter-text.ts'
export { parseActions } from './text/parse-actions.ts'
export { parseFlow, parseInstructions } from './text/parse-flow.ts'
export { parseMatch } from './text/parse-match.ts'
export { printActions, printInstructions } from './text/print-actions.ts'
export { printFlow } from './text/print-flow.ts'
export { printMatch } from './text/print-match.ts'
export { ruleBody, ruleKey } from './text/rule-key.ts'
export { errorName, errorNamed } from './wire/error-values.ts'
export type { FlowStats, Seconds, UnknownStat } from './wire/flow-stats.ts'
export { Framer } from './wire/framer.ts'
export type { ErrorValue } from './wire/openflow-error.ts'
export { OpenFlowError, type OpenFlowErrorCode } from './wire/openflow-error.ts'
export { PORT } from './wire/port-numbers.ts'
export type { UnknownProperty } from './wire/properties.ts'
export { VERSIONS, versionName } from './wire/versions.ts'
