/**
 * Configuration of the messages that a switch sends by itself (OpenFlow 1.5.1, 7.3.10; in 1.3.5, 7.3.10, six masks in
 * fixed fields).
 */
import type { Reader, Writer } from '../wire/cursor.ts'
import { either, type Part, struct, u32 } from '../wire/layout.ts'
import { checkList, lacking, OpenFlowError } from '../wire/openflow-error.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { V1_4, V1_5 } from '../wire/versions.ts'

/** Bit n stands for reason n. */
const mask = struct({ mask: u32 })

/** Each kind of message has a mask for slaves, and one for master and equal controllers. */
const PROPERTIES = {
  packet_in_slave: property(0, mask),
  packet_in_master: property(1, mask),
  port_status_slave: property(2, mask),
  port_status_master: property(3, mask),
  flow_removed_slave: property(4, mask),
  flow_removed_master: property(5, mask),
  role_status_slave: property(6, mask),
  role_status_master: property(7, mask),
  table_status_slave: property(8, mask),
  table_status_master: property(9, mask),
  requestforward_slave: property(10, mask),
  requestforward_master: property(11, mask),
  flow_stats_slave: property(12, mask, V1_5),
  flow_stats_master: property(13, mask, V1_5),
  controller_status_slave: property(14, mask, V1_5),
  controller_status_master: property(15, mask, V1_5),
}
/**
 * The messages of one kind that this controller receives in one role. In `mask`, bit n stands for reason n (OpenFlow
 * 1.5.1, 7.3.10).
 */
export type AsyncProperty = PropertyOf<typeof PROPERTIES>
type Masked = Exclude<AsyncProperty, { readonly type: 'unknown' }>

export interface AsyncConfigBody {
  /** An omitted property stays as it is. In messages with six masks, all of them are required. */
  readonly properties: readonly AsyncProperty[]
}

const FIXED = [
  'packet_in_master',
  'packet_in_slave',
  'port_status_master',
  'port_status_slave',
  'flow_removed_master',
  'flow_removed_slave',
] as const satisfies ReadonlyArray<Masked['type']>

/** Six masks in fixed fields: OpenFlow 1.3, and NXT_SET_ASYNC_CONFIG of Nicira. */
export const asyncMasks: Part<AsyncConfigBody> = {
  write(w: Writer, { properties }: AsyncConfigBody) {
    const places: readonly string[] = FIXED
    checkList('properties', properties)
    const other = properties.find(({ type }) => !places.includes(type))
    if (other) throw lacking(w.version, `property ${other.type} of this message`)
    for (const type of FIXED) {
      const given = properties.filter((one): one is Masked => one.type === type)
      const [first] = given
      if (!first || given.length > 1) {
        throw new OpenFlowError('out-of-range', `${type} is given ${given.length} times: it must be given once`)
      }
      w.u32(first.mask, type)
    }
  },
  read: (r: Reader) => ({ properties: FIXED.map((type) => ({ type, mask: r.u32() })) }),
}

/** Properties: OpenFlow 1.4 and later. */
export const asyncProperties: Part<AsyncConfigBody> = struct({ properties: properties(PROPERTIES) })
export const asyncConfig = either(V1_4, asyncMasks, asyncProperties)
