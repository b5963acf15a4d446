/** Fields by their headers alone, without values: what a table or a port supports (OpenFlow 1.5.1, 7.3.5.18.2). */
import type { Reader, Writer } from '../wire/cursor.ts'
import { list, type Part } from '../wire/layout.ts'
import { fieldByExperimenter, fieldByWord, isExperimenter, otherHeader, writeHeader } from './field-headers.ts'
import type { HeaderKind } from './field-row.ts'
import { FIELDS, type FieldName, type FieldRow } from './match-fields.ts'

/**
 * A field without its value. An unknown field is its header as it came: 32 bits, and with class 0xffff the
 * experimenter.
 */
export type FieldId =
  | { readonly field: FieldName; readonly hasMask?: true; readonly header?: HeaderKind }
  | { readonly field: 'unknown'; readonly word: number; readonly experimenter?: number }

function write(w: Writer, id: FieldId): void {
  if (id.field === 'unknown') {
    w.u32(id.word, 'header of a field')
    if (id.experimenter !== undefined) w.u32(id.experimenter, 'experimenter')
    return
  }
  const { size }: FieldRow = FIELDS[id.field]
  writeHeader(w, id.field, id.header, id.hasMask ? 1 : 0, size << (id.hasMask ? 1 : 0))
}

function read(r: Reader): FieldId {
  const word = r.u32()
  const isOthers = isExperimenter(word) && r.left >= 4
  const experimenter = isOthers ? r.u32() : undefined
  const found = experimenter === undefined ? fieldByWord(word) : fieldByExperimenter(experimenter, word)
  const hasMask = ((word >>> 8) & 1) === 1
  const size = found ? (FIELDS[found.field].size << (hasMask ? 1 : 0)) + (isOthers ? 4 : 0) : undefined
  if (!found || size !== (word & 0xff)) {
    return { field: 'unknown', word, ...(experimenter === undefined ? {} : { experimenter }) }
  }
  return { field: found.field, ...(hasMask ? { hasMask } : {}), ...otherHeader(r.version, found) }
}

export const fieldIds: Part<readonly FieldId[]> = list<FieldId>({ write, read })
