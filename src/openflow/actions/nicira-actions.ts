/**
 * Actions of Nicira (ovs-actions(7), ofp-actions.c): experimenter 0x2320, then a subtype. Each kind has one row, and
 * each family of kinds a file.
 */

import type { Reader, Writer } from '../wire/cursor.ts'
import { refusal } from '../wire/openflow-error.ts'
import type { Action } from './actions.ts'
import { TELL_ROWS, type TellAction } from './controller-actions.ts'
import { CT_ROWS, type CtAction } from './ct.ts'
import { BITS_ROWS, type BitsAction } from './field-actions.ts'
import { HASH_ROWS, type HashAction } from './hash.ts'
import { PACKET_ROWS, type PacketAction } from './header-actions.ts'
import { LEARN_ROWS, type LearnAction } from './learn.ts'
import type { Nested, Row, Rows } from './nicira-row.ts'
import { OTHER_ROWS, type OtherAction } from './other-actions.ts'
import { OUTPUT_ROWS, type OutputAction } from './output-actions.ts'

/** The actions that Open vSwitch adds, named as in ovs-actions(7). */
export type NiciraAction =
  | OutputAction
  | BitsAction
  | CtAction
  | LearnAction
  | HashAction
  | PacketAction
  | TellAction
  | OtherAction

const ROWS: Rows<NiciraAction> = {
  ...OUTPUT_ROWS,
  ...BITS_ROWS,
  ...CT_ROWS,
  ...LEARN_ROWS,
  ...HASH_ROWS,
  ...PACKET_ROWS,
  ...TELL_ROWS,
  ...OTHER_ROWS,
}

const bySubtype = new Map(
  Object.values(ROWS).flatMap((row) => row.subtypes.map((subtype) => [subtype, row as Row<NiciraAction>] as const)),
)

export const isNicira = (action: Action): action is NiciraAction => Object.hasOwn(ROWS, action.type)

export function writeNicira(w: Writer, action: NiciraAction, nested: Nested): void {
  if (!isNicira(action))
    throw refusal('type of an action', (action as Action).type, 'a name of the table in the README')
  const row = ROWS[action.type] as Row<NiciraAction>
  row.write(w, action, nested)
}

/** @returns undefined if the subtype is unknown */
export function readNicira(r: Reader, nested: Nested): NiciraAction | undefined {
  const subtype = r.u16()
  return bySubtype.get(subtype)?.read(r, subtype, nested)
}
