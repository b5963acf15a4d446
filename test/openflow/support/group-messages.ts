/** Random messages of groups. */
import fc from 'fast-check'
import { match, u16, u32, u64 } from './arbitrary.ts'
import {
  actionsIn,
  list,
  not,
  of,
  oneOf,
  reply,
  request,
  type Some,
  some,
  text,
  time,
  unknownProperty,
} from './shapes.ts'

const ANY = 0xffffffff
const ALL = 0xfffffffc

function bucketIn(version: number): fc.Arbitrary<unknown> {
  const fixed = { weight: u16.filter((weight) => weight > 0), watchPort: not(ANY), watchGroup: not(ANY) }
  if (version < 6) return some({ actions: actionsIn(version) }, fixed)
  const properties = fc.array(unknownProperty, { minLength: 1, maxLength: 2 })
  return some(
    { bucket: u32, actions: actionsIn(version) },
    { weight: u16, watchPort: u32, watchGroup: u32, properties },
  )
}

export function groupsIn(version: number): Some {
  const isNew = version >= 6
  const method = of('selection_method', { method: text, parameter: u64, fields: match })
  const properties = isNew
    ? { properties: fc.array(fc.oneof(method, unknownProperty), { minLength: 1, maxLength: 2 }) }
    : {}
  const group = some(
    { group: u32, groupType: oneOf('all', 'select', 'indirect', 'ff'), buckets: list(bucketIn(version)) },
    properties,
  )
  const more = {
    command: oneOf('add', 'modify', 'delete', 'add_or_mod', ...(isNew ? ['insert_bucket', 'remove_bucket'] : [])),
  }
  const counts = { packets: u64, bytes: u64 }
  const stats = fc.record({ group: u32, references: u32, ...counts, duration: time, buckets: list(fc.record(counts)) })
  const perType = fc.record({ all: u32, select: u32, indirect: u32, ff: u32 })
  return {
    messages: {
      group_mod: fc
        .tuple(group, fc.record({ ...more, ...(isNew ? { commandBucket: u32 } : {}) }))
        .map(([one, more]) => ({ type: 'group_mod', ...one, ...more })) as unknown as fc.Arbitrary<never>,
    },
    requests: [
      request('group_stats', { group: u32 }),
      request('group_desc', { group: isNew ? u32 : fc.constant(ALL) }),
      request('group_features', {}),
    ],
    replies: [
      reply('group_stats', { groups: list(stats) }),
      reply('group_desc', { groups: list(group) }),
      reply('group_features', {
        features: fc.record({ types: u32, capabilities: u32, maxGroups: perType, actions: perType }),
      }),
    ],
  }
}
