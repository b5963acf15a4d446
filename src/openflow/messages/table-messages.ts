/** Tables (OpenFlow 1.5.1, 7.3.4.1, 7.3.5.5, 7.3.5.16 and 7.4.3). */
import { errorNamed } from '../wire/error-values.ts'
import { list, named, pad, since, sized, struct, u8, u32, u64, type Values } from '../wire/layout.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { V1_4 } from '../wire/versions.ts'

/** Bits of `config`, since 1.4. */
export const TABLE_CONFIG = { eviction: 4, vacancyEvents: 8 } as const

const PROPERTIES = {
  /** What eviction depends on: bit 0 other reasons, bit 1 importance, bit 2 lifetime. */
  eviction: property(2, struct({ flags: u32 }), V1_4),
  /**
   * Free space of the table in per cent. The switch sends a message when it falls below `down` or rises above `up`.
   * `current` is set by the switch.
   */
  vacancy: property(3, struct({ down: u8, up: u8, current: u8, pad: pad(1) }), V1_4),
}
/**
 * A property of a table: which rules are evicted first when it is full (bits of ofp_table_mod_prop_eviction_flag), or
 * the per cent of free space at which the switch sends a message.
 */
export type TableProperty = PropertyOf<typeof PROPERTIES>

const some = properties(PROPERTIES)
const NONE: readonly TableProperty[] = []
const tableProperties = { ...some, fallback: NONE }

export const tableMod = struct({
  /** 255 is all tables. */
  table: u8,
  pad: pad(3),
  config: u32,
  /** Not before 1.4. */
  properties: since(V1_4, tableProperties),
})

const DESCRIPTION = { length: pad(2), table: u8, pad: pad(1), config: u32, properties: some }
/** The configuration of a table (OpenFlow 1.5.1, 7.3.5.16). `config` has bits of `TABLE_CONFIG`. */
export type TableDescription = Values<typeof DESCRIPTION>
const description = sized(struct(DESCRIPTION), 8)
export const tableDescriptions = struct({ tables: list(description) })

const REASONS = { vacancy_down: 3, vacancy_up: 4 } as const
export const tableStatus = struct({
  reason: named<keyof typeof REASONS>(u8, REASONS, errorNamed('BAD_PROPERTY', 'BAD_VALUE')),
  pad: pad(7),
  table: description,
})

const STATS = { table: u8, pad: pad(3), active: u32, lookups: u64, matched: u64 }
/** Statistics of a table (OpenFlow 1.5.1, 7.3.5.5): its rules, packets looked up, and packets that matched. */
export type TableStats = Values<typeof STATS>
export const tableStats = struct({ tables: list(struct(STATS)) })
