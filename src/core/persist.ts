/**
 * The entries of the store. `<kind>/<id>` is a node, with the same properties as in memory. `event/<id>` is an event. `head` is
 * the head, which every commit writes.
 */
import { apply, type Change, type ChangeKind } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import { type Commit, type Json, type Store, StoreError, type Write } from '../store/store.ts'
import type { Event } from './event-log.ts'

/** The kinds of nodes, in an order in which each node comes after the nodes that it refers to. */
const KINDS: readonly ChangeKind[] = [
  'hypervisor',
  'network',
  'segment',
  'port',
  'vnic',
  'binding',
  'contest',
  'address',
]

/** The number of events that are kept, of all projects together. */
export const MAX_EVENTS = 10_000

/** Each commit writes this key, on condition that its revision is the one the writer knows. So no commit builds on an old graph. */
export const HEAD_KEY = 'head'

/** The value of the head: the id of the last event. */
export interface Head {
  readonly event: number
}

export function toWrite(change: Change): Write {
  const key = `${change.kind}/${change.id}`
  return change.to === null ? { remove: key } : { put: key, value: change.to as unknown as Json }
}

export const headWrite = (head: Head): Write => ({ put: HEAD_KEY, value: { ...head } })

/** Writes an event, and deletes the oldest kept one. */
export function eventWrites(event: Event): Write[] {
  const put: Write = { put: eventKey(event.id), value: event as unknown as Json }
  return event.id > MAX_EVENTS ? [put, { remove: eventKey(event.id - MAX_EVENTS) }] : [put]
}

const eventKey = (id: number): string => `event/${String(id).padStart(16, '0')}`

/** The changes and events of a commit, of any writer. */
export interface Told {
  readonly changes: readonly Change[]
  readonly events: readonly Event[]
  /** The new head; undefined if the commit did not write the head, so that it has neither changes nor events. */
  readonly head: Head | undefined
}

/** Reads a commit. @throws StoreError `malformed` */
export function readCommit({ writes }: Commit): Told {
  const changes: Change[] = []
  const events: Event[] = []
  let head: Head | undefined
  for (const write of writes) {
    const key = 'put' in write ? write.put : write.remove
    const kind = KINDS.find((each) => key.startsWith(`${each}/`))
    if (kind) changes.push(changeOf(kind, key, 'put' in write ? objectOf(key, write.value) : null))
    else if ('put' in write && key === HEAD_KEY) head = write.value as unknown as Head
    else if ('put' in write && key.startsWith('event/')) events.push(write.value as unknown as Event)
  }
  return { changes, events, head }
}

export interface Loaded {
  /** Every node, in the form of the version that stored it. */
  readonly nodes: readonly Change[]
  readonly events: readonly Event[]
  readonly head: Head
  /** The revision of the head; 0 if it is unknown until the watch delivers it. */
  readonly headRevision: number
  /** Every commit up to this revision is included. */
  readonly revision: number
}

/**
 * Reads the whole store. Other writers may commit meanwhile: commits after `revision` may be included in part. A watch from
 * `revision` delivers all of them.
 * @throws StoreError `malformed`
 */
export async function load(store: Store): Promise<Loaded> {
  const revision = await store.revision()
  const head = await store.get(HEAD_KEY)
  const earlier = head ? undefined : await store.get('counter/event')
  const events: Event[] = []
  for await (const { value } of store.range('event/')) events.push(value as unknown as Event)
  const nodes: Change[] = []
  for (const kind of KINDS) {
    const its: Change[] = []
    for await (const { key, value } of store.range(`${kind}/`)) its.push(changeOf(kind, key, objectOf(key, value)))
    // Sorts the nodes of a kind by key, so that lists keep the order of creation.
    nodes.push(...its.sort((a, b) => keyOf(a) - keyOf(b)))
  }
  return {
    nodes,
    events,
    head: head ? (head.value as unknown as Head) : { event: typeof earlier?.value === 'number' ? earlier.value : 0 },
    headRevision: head && head.revision <= revision ? head.revision : 0,
    revision,
  }
}

/** @throws StoreError `malformed` */
export function graphOf(nodes: readonly Change[]): Graph {
  const graph = new Graph()
  for (const node of nodes) readable(node, () => apply(graph, node))
  return graph
}

/** Works with a stored node. @throws StoreError `malformed` if the node is not as any version writes it */
export function readable<T>({ kind, id }: Change, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof StoreError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    const message = `the store has an object that cannot be read, ${kind}/${id} (${reason}): load the latest dump into another store (plugboard store load)`
    throw new StoreError('malformed', message, error)
  }
}

const changeOf = (kind: ChangeKind, key: string, to: object | null): Change =>
  ({ kind, id: key.slice(kind.length + 1), to }) as unknown as Change

function objectOf(key: string, value: Json): object {
  if (value && typeof value === 'object') return value
  throw new StoreError('malformed', `the store holds ${JSON.stringify(value)} for ${key}, where an object must be`)
}

const keyOf = ({ to }: Change): number => (to && 'key' in to ? to.key : 0)
