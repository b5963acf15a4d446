/** Groups (OpenFlow 1.5.1, 7.3.4.3 and 7.3.5.9 to 7.3.5.11). */

import { fieldList } from '../match/field-list.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN, errorNamed } from '../wire/error-values.ts'
import { NETRONOME } from '../wire/experimenters.ts'
import {
  list,
  named,
  or,
  type Part,
  pad,
  since,
  sized,
  struct,
  text,
  u8,
  u16,
  u32,
  u64,
  type Values,
} from '../wire/layout.ts'
import { lacking, OpenFlowError } from '../wire/openflow-error.ts'
import { experimenters, type PropertyOf, properties } from '../wire/properties.ts'
import { V1_5 } from '../wire/versions.ts'
import { BUCKET, type Bucket, buckets } from './buckets.ts'

/** Reserved group ids. */
export const GROUP = { MAX: 0xffffff00, ALL: 0xfffffffc, ANY: 0xffffffff } as const

const TYPES = { all: 0, select: 1, indirect: 2, ff: 3 } as const
/**
 * How a group chooses its buckets: all of them, one by a hash, the only one, or the first live one. `ff` is fast
 * failover (OpenFlow 1.5.1, 5.10.1).
 */
export type GroupType = keyof typeof TYPES
const groupType = named<GroupType>(u8, TYPES, errorNamed('GROUP_MOD_FAILED', 'BAD_TYPE'))

const COMMANDS = {
  add: 0,
  modify: 1,
  delete: 2,
  insert_bucket: [3, V1_5],
  remove_bucket: [5, V1_5],
  /** Open vSwitch only. */
  add_or_mod: 0x8000,
} as const
/**
 * What a `group_mod` does. `insert_bucket` and `remove_bucket` require OpenFlow 1.5, and `add_or_mod` requires Open
 * vSwitch.
 */
export type GroupCommand = keyof typeof COMMANDS
const groupCommand = named<GroupCommand>(u16, COMMANDS, errorNamed('GROUP_MOD_FAILED', 'BAD_COMMAND'))

/** How a `select` group chooses a bucket (ntr_group_prop_selection_method, netronome-ext.h). */
const selectionMethod = struct({
  pad: pad(4),
  /** `hash` or `dp_hash`. */
  method: text(16),
  parameter: u64,
  /** The fields that go into `hash`. The value of a field is a mask of its bits. */
  fields: fieldList,
})

const PROPERTIES = { selection_method: experimenters(NETRONOME, 1, selectionMethod) }
/**
 * How a `select` group chooses a bucket (ntr_group_prop_selection_method): `method` is `hash` or `dp_hash`, and
 * `fields` are the bits that go into `hash`.
 */
export type GroupProperty = PropertyOf<typeof PROPERTIES>
const groupProperties = properties(PROPERTIES)

/** A group as the switch reports it. */
export interface Group {
  readonly group: number
  readonly groupType: GroupType
  readonly buckets: readonly Bucket[]
  /** Not before 1.5. */
  readonly properties?: readonly GroupProperty[]
}

export interface GroupModBody extends Omit<Group, 'buckets'> {
  readonly command: GroupCommand
  readonly buckets?: readonly Bucket[]
  /**
   * The bucket before which `insert_bucket` inserts or that `remove_bucket` removes. Default: `BUCKET.ALL`. Not before
   * 1.5.
   */
  readonly commandBucket?: number
}

function checkFixed(w: Writer, { properties, commandBucket = BUCKET.ALL }: Partial<GroupModBody>): void {
  if (properties?.length) throw lacking(w.version, `property ${properties[0]?.type} of a group`)
  if (commandBucket !== BUCKET.ALL) throw lacking(w.version, 'commandBucket')
}

/** Writes buckets and properties. The length of the buckets is at position `at`. */
function writeTail(w: Writer, at: number, group: Partial<GroupModBody>): void {
  const start = w.length
  buckets.write(w, group.buckets ?? [], 'buckets')
  w.patch16(at, w.length - start, 'buckets')
  groupProperties.write(w, group.properties ?? [], 'properties')
}

/** @param length the length of the buckets */
function readTail(r: Reader, offset: number, length: number): Pick<Group, 'buckets' | 'properties'> {
  if (length > r.left) throw new OpenFlowError('malformed', `${length} octets of buckets`, { offset, error: BAD_LEN })
  const some = buckets.read(r.part(length))
  const properties = groupProperties.read(r)
  return { buckets: some, ...(properties.length === 0 ? {} : { properties }) }
}

/** OpenFlow 1.5.1, 7.3.4.3: ofp_group_mod. */
export const groupMod: Part<GroupModBody> = {
  write(w, mod) {
    groupCommand.write(w, mod.command, 'command')
    groupType.write(w, mod.groupType, 'groupType')
    w.u8(0).u32(mod.group, 'group')
    if (w.version < V1_5) {
      checkFixed(w, mod)
      buckets.write(w, mod.buckets ?? [], 'buckets')
      return
    }
    const at = w.length
    w.u32(0).u32(mod.commandBucket ?? BUCKET.ALL, 'commandBucket')
    writeTail(w, at, mod)
  },
  read(r) {
    const [command, type] = [groupCommand.read(r), groupType.read(r)]
    const head = { command, groupType: type, group: r.skip(1).u32() }
    if (r.version < V1_5) return { ...head, buckets: buckets.read(r) }
    const { offset } = r
    const length = r.u16()
    const commandBucket = r.skip(2).u32()
    return { ...head, commandBucket, ...readTail(r, offset, length) }
  },
}

/** OpenFlow 1.5.1, 7.3.5.10: ofp_group_desc. */
const description: Part<Group> = {
  write(w, group) {
    w.u16(0)
    groupType.write(w, group.groupType, 'groupType')
    w.u8(0).u32(group.group, 'group')
    if (w.version < V1_5) {
      checkFixed(w, group)
      buckets.write(w, group.buckets, 'buckets')
      return
    }
    const at = w.length
    w.zeros(8)
    writeTail(w, at, group)
  },
  read(r) {
    const type = groupType.read(r.skip(2))
    const head = { groupType: type, group: r.skip(1).u32() }
    if (r.version < V1_5) return { ...head, buckets: buckets.read(r) }
    const { offset } = r
    const length = r.u16()
    return { ...head, ...readTail(r.skip(6), offset, length) }
  },
}
export const groupDescriptions = struct({ groups: list(sized(description, 8)) })

/** Before 1.5 the request is always for all groups. */
export const groupDescRequest = struct({ group: since(V1_5, or(u32, GROUP.ALL)), pad: pad(4, V1_5) })
export const groupStatsRequest = struct({ group: or(u32, GROUP.ALL), pad: pad(4) })

/** OpenFlow 1.5.1, 7.3.5.9: ofp_group_stats. */
const STATS = {
  length: pad(2),
  pad: pad(2),
  group: u32,
  /** The number of rules and groups that use it. */
  references: u32,
  pad2: pad(4),
  packets: u64,
  bytes: u64,
  duration: struct({ seconds: u32, nanoseconds: u32 }),
  buckets: list(struct({ packets: u64, bytes: u64 })),
}
/**
 * Statistics of a group (OpenFlow 1.5.1, 7.3.5.9), in total and by bucket. `references` is the number of rules and
 * groups that use it.
 */
export type GroupStats = Values<typeof STATS>
export const groupStats = struct({ groups: list(sized(struct(STATS), 40)) })

/** A number for each type of group: all, select, indirect, ff. */
const perType = struct({ all: u32, select: u32, indirect: u32, ff: u32 })

/** OpenFlow 1.5.1, 7.3.5.11: ofp_group_features. */
const FEATURES = {
  /** Bit n stands for groups of type n. */
  types: u32,
  capabilities: u32,
  maxGroups: perType,
  /** Bit n stands for action n. */
  actions: perType,
}
/**
 * The groups that the switch supports (OpenFlow 1.5.1, 7.3.5.11): types and capabilities as bits, and for each type the
 * maximum number of groups, and actions as bits.
 */
export type GroupFeatures = Values<typeof FEATURES>
export const groupFeatures = struct({ features: struct(FEATURES) })
