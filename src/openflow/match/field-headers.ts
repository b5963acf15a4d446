/**
 * Headers of fields (OpenFlow 1.5.1, 7.2.3.2): class 16 bits, field 7, has_mask 1, length 8, and with class 0xffff 32
 * more bits for the experimenter.
 */
import type { Writer } from '../wire/cursor.ts'
import { EXPERIMENTER, ONF } from '../wire/experimenters.ts'
import { refusal } from '../wire/openflow-error.ts'
import { V1_5 } from '../wire/versions.ts'
import type { HeaderKind } from './field-row.ts'
import { FIELD_NAMES, FIELDS, type FieldName, type FieldRow } from './match-fields.ts'

/** Class and number, at their position in 32 bits. */
interface Header {
  readonly word: number
  readonly experimenter?: number
}

/**
 * The shape of a field's values. All fields share this one hidden class, because the rows of the table have many and
 * the codec looks shapes up for each value.
 */
export interface Shape {
  readonly size: number
  readonly bits: number
  readonly width: 'number' | 'bigint'
  readonly limit: number | bigint
  readonly isNarrow: boolean
  readonly isVariable: boolean
  readonly onf: boolean
}

/** A field, and the kind of the header that was found. */
export interface Found {
  readonly field: FieldName
  readonly kind: HeaderKind
  readonly shape: Shape
  /** Whether the header is the same in every version, the size is fixed, and all bits are used. */
  readonly isPlain: boolean
}

const header = (cls: number, code: number, experimenter?: number): Header => ({
  word: ((cls << 16) | (code << 9)) >>> 0,
  ...(experimenter === undefined ? {} : { experimenter }),
})

/** All headers of a field, and the shape of its values. */
export type Headers = { readonly [Kind in HeaderKind]: Header | undefined } & {
  readonly oxm: Header
  readonly shape: Shape
  /** The header that is the same in every version, if it has 32 bits. */
  readonly word: number | undefined
}

function headersOf(row: FieldRow): Headers {
  const isPlain = row.onf === undefined && row.experimenter === undefined
  return {
    shape: shapeOf(row),
    word: isPlain ? header(row.class, row.code).word : undefined,
    oxm: header(row.class, row.code, row.experimenter),
    nxm: row.nxm ? header(row.nxm[0], row.nxm[1]) : undefined,
    onf: row.onf ? header(EXPERIMENTER, row.code, ONF) : undefined,
  }
}

const shapeOf = ({ size, bits, width, limit, isNarrow, variable, onf }: FieldRow): Shape => ({
  size,
  bits,
  width,
  limit,
  isNarrow,
  isVariable: variable === true,
  onf: onf === true,
})

export const headers = Object.fromEntries(FIELD_NAMES.map((name) => [name, headersOf(FIELDS[name])])) as Readonly<
  Record<FieldName, Headers>
>

/** The kind of header that this version has for the field. */
export const kindIn = (version: number, field: FieldName): HeaderKind =>
  version < V1_5 && headers[field].onf !== undefined ? 'onf' : 'oxm'

/** The header to keep with the value, if it is not the usual one of this version. */
export const otherHeader = (
  version: number,
  { field, kind }: Pick<Found, 'field' | 'kind'>,
): { readonly header?: HeaderKind } => (kind === kindIn(version, field) ? {} : { header: kind })

/** @param length octets of value and mask together */
export function writeHeader(
  w: Writer,
  field: FieldName,
  kind: HeaderKind | undefined,
  hasMask: 0 | 1,
  length: number,
): void {
  writeOf(w, headers[field], kind, hasMask, length)
}

/** The same, for a field that has been looked up. */
export function writeOf(w: Writer, all: Headers, kind: HeaderKind | undefined, hasMask: 0 | 1, length: number): void {
  const { word, experimenter } = headerOf(w.version, all, kind)
  if (experimenter === undefined) w.u32((word | (hasMask << 8) | length) >>> 0)
  else w.u32((word | (hasMask << 8) | (length + 4)) >>> 0).u32(experimenter)
}

const KINDS: readonly HeaderKind[] = ['oxm', 'nxm', 'onf']

/** @throws OpenFlowError `out-of-range` if the field has no such header */
function headerOf(version: number, all: Headers, kind: HeaderKind | undefined): Header {
  if (kind === undefined) return version < V1_5 ? (all.onf ?? all.oxm) : all.oxm
  const own = KINDS.filter((one) => all[one] !== undefined)
  const header = own.includes(kind) ? all[kind] : undefined
  if (!header) throw refusal('header', kind, own.join(', '))
  return header
}

const byWord = new Map<number, Found>()
const byExperimenter = new Map<number, Found>()
const keyOf = (experimenter: number, code: number): number => experimenter * 128 + code

for (const field of FIELD_NAMES) {
  const { shape } = headers[field]
  for (const kind of KINDS) {
    const found = headers[field][kind]
    if (!found) continue
    const isPlain = kind === 'oxm' && !shape.onf && !shape.isVariable && !shape.isNarrow
    const { word, experimenter } = found
    if (experimenter === undefined) byWord.set(word >>> 9, { field, kind, shape, isPlain })
    else byExperimenter.set(keyOf(experimenter, (word >>> 9) & 0x7f), { field, kind, shape, isPlain })
  }
}

/** The field with this class and number. */
export const fieldByWord = (word: number): Found | undefined => byWord.get(word >>> 9)

/** The field of this experimenter with this number. */
export const fieldByExperimenter = (experimenter: number, word: number): Found | undefined =>
  byExperimenter.get(keyOf(experimenter, (word >>> 9) & 0x7f))

/** Whether a header of this class continues with the experimenter. */
export const isExperimenter = (word: number): boolean => word >>> 16 === EXPERIMENTER

/** Whether the field has a header of this kind. */
export const hasHeader = (field: FieldName, kind: HeaderKind): boolean => headers[field][kind] !== undefined
