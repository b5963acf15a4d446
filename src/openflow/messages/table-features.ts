/** Features of tables (OpenFlow 1.5.1, 7.3.5.18). */

import { fieldIds } from '../match/field-ids.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { errorNamed } from '../wire/error-values.ts'
import { EXPERIMENTER } from '../wire/experimenters.ts'
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
  u32,
  u64,
  type Values,
} from '../wire/layout.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { type PropertyOf, properties, property } from '../wire/properties.ts'
import { V1_4, V1_5 } from '../wire/versions.ts'

/** The type of an action or an instruction, without its body. */
export interface TypeId {
  readonly code: number
  /** Only with code 0xffff. */
  readonly experimenter?: number
  /** Data that the experimenter adds. */
  readonly body?: Uint8Array
}

const BAD_TABLE_LEN = errorNamed('TABLE_FEATURES_FAILED', 'BAD_LEN')

const typeId: Part<TypeId> = {
  write(w: Writer, { code, experimenter, body }: TypeId) {
    const start = w.length
    w.u16(code, 'code').u16(0)
    if (experimenter !== undefined) w.u32(experimenter, 'experimenter')
    if (body) w.bytes(body)
    w.patch16(start + 2, w.length - start, 'type')
  },
  read(r: Reader) {
    const { offset } = r
    const [code, length] = [r.u16(), r.u16()]
    if (length < 4) throw new OpenFlowError('malformed', `a type of ${length} octets`, { offset, error: BAD_TABLE_LEN })
    const body = r.part(length - 4, BAD_TABLE_LEN)
    const id = code === EXPERIMENTER && length >= 8 ? { code, experimenter: body.u32() } : { code }
    return body.left === 0 ? id : { ...id, body: body.rest() }
  },
}

const instructions = struct({ instructions: list(typeId) })
const actions = struct({ actions: list(typeId) })
const fields = struct({ fields: fieldIds })
const tables = struct({ tables: list(u8) })

/** Properties with `_miss` are for the table-miss rule, if it differs. */
const PROPERTIES = {
  instructions: property(0, instructions),
  instructions_miss: property(1, instructions),
  next_tables: property(2, tables),
  next_tables_miss: property(3, tables),
  write_actions: property(4, actions),
  write_actions_miss: property(5, actions),
  apply_actions: property(6, actions),
  apply_actions_miss: property(7, actions),
  match: property(8, fields),
  wildcards: property(10, fields),
  write_setfield: property(12, fields),
  write_setfield_miss: property(13, fields),
  apply_setfield: property(14, fields),
  apply_setfield_miss: property(15, fields),
  table_sync_from: property(16, tables, V1_4),
  write_copyfield: property(18, fields, V1_5),
  write_copyfield_miss: property(19, fields, V1_5),
  apply_copyfield: property(20, fields, V1_5),
  apply_copyfield_miss: property(21, fields, V1_5),
  packet_types: property(22, fields, V1_5),
}
/** What a rule of the table may have. `_miss` is for the table-miss rule, if it differs. */
export type TableFeaturesProperty = PropertyOf<typeof PROPERTIES>

const COMMANDS = { replace: 0, modify: 1, enable: 2, disable: 3 } as const
/** What a request with table features does. */
export type TableFeaturesCommand = keyof typeof COMMANDS
const command = named<TableFeaturesCommand>(u8, COMMANDS, errorNamed('TABLE_FEATURES_FAILED', 'BAD_FEATURES'))

const FEATURES = {
  length: pad(2),
  table: u8,
  /** Since 1.5. */
  command: since(V1_5, or(command, 'replace'), 1),
  features: since(V1_5, or(u32, 0), 4),
  name: text(32),
  metadataMatch: u64,
  metadataWrite: u64,
  /** Bits that `config` of a table_mod may have. */
  capabilities: u32,
  maxEntries: u32,
  properties: properties(PROPERTIES),
}
/**
 * The features of a table (OpenFlow 1.5.1, 7.3.5.18). `capabilities` are bits of `TABLE_CONFIG`. `command` and
 * `features` are of 1.5.
 */
export type TableFeatures = Values<typeof FEATURES>

/** A request without tables asks for the features, a request with tables sets them. */
const features = list(sized(struct(FEATURES), 64))
export const tableFeatures = struct({ tables: features })
const NONE: readonly TableFeatures[] = []
export const tableFeaturesRequest = struct({ tables: or(features, NONE) })
