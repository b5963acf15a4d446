/** Queues (OpenFlow 1.5.1, 7.3.5.8 and 7.3.5.20; 1.3.5, 7.3.6 and 7.3.5.8). */
import { either, list, or, pad, since, sized, struct, u16, u32, u64, type Values } from '../wire/layout.ts'
import { PORT } from '../wire/port-numbers.ts'
import { type PropertyOf, properties, property, type UnknownProperty } from '../wire/properties.ts'
import { V1_4 } from '../wire/versions.ts'

/** All queues of a port. */
export const ALL_QUEUES = 0xffffffff

/** Tenths of a per cent of the port's speed. More than 1000 means that it is not set. */
const rate = either(V1_4, struct({ pad: pad(4), rate: u16, pad2: pad(6) }), struct({ rate: u16, pad: pad(2) }))

const PROPERTIES = { min_rate: property(1, rate), max_rate: property(2, rate) }
/** A rate of a queue in tenths of a per cent of its port's speed. More than 1000 means that it is not set. */
export type QueueProperty = PropertyOf<typeof PROPERTIES>

const TAIL = { length: pad(2), pad: pad(6), properties: properties(PROPERTIES) }
const before = struct({ queue: u32, port: u32, ...TAIL })
const after = struct({ port: u32, queue: u32, ...TAIL })
/** A queue of a port. */
export interface Queue {
  readonly port: number
  readonly queue: number
  readonly properties: readonly QueueProperty[]
}
const queues = list(sized<Queue>(either<Queue>(V1_4, before, after), 16, 8))

/** OFPT_QUEUE_GET_CONFIG_REQUEST and its reply, only in OpenFlow 1.3. */
export const queueConfigRequest = struct({ port: or(u32, PORT.ANY), pad: pad(4) })
export const queueConfig = struct({ port: u32, pad: pad(4), queues })

/** Asks for one queue of one port, or for all. */
export const queueRequest = struct({ port: or(u32, PORT.ANY), queue: or(u32, ALL_QUEUES) })
export const queueDescriptions = struct({ queues })

const COUNTS = {
  port: u32,
  queue: u32,
  txBytes: u64,
  txPackets: u64,
  txErrors: u64,
  duration: struct({ seconds: u32, nanoseconds: u32 }),
}
const NONE: readonly UnknownProperty[] = []
/** No property has a row. Not before 1.4. */
const statsProperties = since(V1_4, { ...properties({}), fallback: NONE })
const STATS = { ...COUNTS, properties: statsProperties }
/** Statistics of a queue (OpenFlow 1.5.1, 7.3.5.8), and how long it has existed. */
export type QueueStats = Values<typeof STATS>
const fixed = struct(STATS)
const extensible = sized(struct({ length: pad(2), pad: pad(6), ...STATS }), 48)
export const queueStats = struct({ queues: list(either(V1_4, fixed, extensible)) })
