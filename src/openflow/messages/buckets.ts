/**
 * Buckets of groups (OpenFlow 1.5.1, 7.3.4.3.1; before 1.5 with weight and watches in fixed fields, 1.3.5, 7.3.4.2).
 */
import { type Action, readActions, writeActions } from '../actions/actions.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN, errorNamed } from '../wire/error-values.ts'
import { list, type Part } from '../wire/layout.ts'
import { checkList, lacking, OpenFlowError } from '../wire/openflow-error.ts'
import { properties, type UnknownProperty } from '../wire/properties.ts'
import { V1_5 } from '../wire/versions.ts'

/** A bucket: one of the lists of actions of a group. */
export interface Bucket {
  /** The id of the bucket, by default its index in the list. Refused before 1.5. */
  readonly bucket?: number
  readonly actions: readonly Action[]
  /** In a `select` group, the share of this bucket. */
  readonly weight?: number
  /** In an `ff` group, the bucket is used while this port, or this group, is live. */
  readonly watchPort?: number
  readonly watchGroup?: number
  /** Unknown properties, or known ones in an unusual order, as they came. Not before 1.5. */
  readonly properties?: readonly UnknownProperty[]
}

/** Reserved bucket ids for `insert_bucket` and `remove_bucket`. */
export const BUCKET = { FIRST: 0xfffffffd, LAST: 0xfffffffe, ALL: 0xffffffff } as const

const ANY = 0xffffffff
const BAD_BUCKET = errorNamed('GROUP_MOD_FAILED', 'BAD_BUCKET')

/** Before 1.5: length, weight, port, group, padding, actions. */
function writeFixed(w: Writer, bucket: Bucket): void {
  if (bucket.bucket !== undefined) throw lacking(w.version, 'number of a bucket')
  if (bucket.properties?.length) throw lacking(w.version, 'property of a bucket')
  const start = w.length
  w.u16(0)
    .u16(bucket.weight ?? 0, 'weight')
    .u32(bucket.watchPort ?? ANY, 'watchPort')
    .u32(bucket.watchGroup ?? ANY, 'watchGroup')
    .zeros(4)
  writeActions(w, bucket.actions)
  w.patch16(start, w.length - start, 'bucket')
}

function readFixed(r: Reader): Bucket {
  const body = framed(r, 16)
  const [weight, watchPort, watchGroup] = [body.u16(), body.u32(), body.u32()]
  return {
    actions: readActions(body.skip(4)),
    ...(weight === 0 ? {} : { weight }),
    ...(watchPort === ANY ? {} : { watchPort }),
    ...(watchGroup === ANY ? {} : { watchGroup }),
  }
}

/**
 * Reads the length of a bucket.
 * @returns a reader of the rest of the bucket
 */
function framed(r: Reader, least: number): Reader {
  const { offset } = r
  const length = r.u16()
  if (length >= least) return r.part(length - 2)
  const message = `a bucket of ${length} octets: it has at least ${least}`
  throw new OpenFlowError('malformed', message, { offset, error: BAD_BUCKET })
}

/** Known properties, in their usual order. In another order they are kept as octets. */
const KNOWN = ['weight', 'watchPort', 'watchGroup'] as const
const others = properties({})
const PROPERTY_LENGTH = 8

function writeKnown(w: Writer, bucket: Bucket): void {
  for (const [code, name] of KNOWN.entries()) {
    const value = bucket[name]
    if (value === undefined) continue
    w.u16(code).u16(PROPERTY_LENGTH)
    if (name === 'weight') w.u16(value, name).zeros(2)
    else w.u32(value, name)
  }
}

function readKnown(r: Reader): Pick<Bucket, (typeof KNOWN)[number]> {
  const found: { [Name in (typeof KNOWN)[number]]?: number } = {}
  for (const [code, name] of KNOWN.entries()) {
    if (r.left < PROPERTY_LENGTH) break
    const head = r.copy()
    if (head.u16() !== code || head.u16() !== PROPERTY_LENGTH) continue
    const value = name === 'weight' ? head.u16() : head.u32()
    // Padding that is not zero: the property is kept as octets.
    if (name === 'weight' && head.u16() !== 0) break
    found[name] = value
    r.skip(PROPERTY_LENGTH)
  }
  return found
}

/** OpenFlow 1.5: length, length of the actions, id, actions, properties. */
function write(w: Writer, bucket: Bucket, index: number): void {
  const start = w.length
  w.u32(0).u32(bucket.bucket ?? index, 'bucket')
  const actions = w.length
  writeActions(w, bucket.actions)
  w.patch16(start + 2, w.length - actions, 'actions of a bucket')
  writeKnown(w, bucket)
  others.write(w, bucket.properties ?? [], 'properties')
  w.patch16(start, w.length - start, 'bucket')
}

function read(r: Reader): Bucket {
  const body = framed(r, 8)
  const { offset } = body
  const length = body.u16()
  const bucket = body.u32()
  if (length > body.left) {
    throw new OpenFlowError('malformed', `${length} octets of actions in a bucket`, { offset, error: BAD_LEN })
  }
  const actions = readActions(body.part(length))
  const known = readKnown(body)
  const rest = others.read(body)
  return { bucket, actions, ...known, ...(rest.length === 0 ? {} : { properties: rest }) }
}

const listOf = (one: Part<Bucket>): Part<readonly Bucket[]> => list(one)

/** All buckets up to the end. */
export const buckets: Part<readonly Bucket[]> = {
  write(w, values, name) {
    checkList(name, values)
    for (const [index, bucket] of values.entries()) {
      if (w.version < V1_5) writeFixed(w, bucket)
      else write(w, bucket, index)
    }
  },
  read: (r) => (r.version < V1_5 ? fixedList : newList).read(r),
}

const fixedList = listOf({ write: writeFixed, read: readFixed })
const newList = listOf({ write: (w, bucket) => write(w, bucket, 0), read })
