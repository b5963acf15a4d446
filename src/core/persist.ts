/**
 * What is in the store: one entry for each node, `<kind>/<id>`, with the node as it stands in memory; one for each event,
 * `event/<id>`; and the head, which every commit writes.
 */
import { apply, type Change, type ChangeKind } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import { type Commit, type Json, type Store, StoreError, type Write } from '../store/store.ts'
import type { Event } from './event-log.ts'

/** Nodes in an order in which edges find their other end. */
const KINDS: readonly ChangeKind[] = ['hypervisor', 'network', 'segment', 'port', 'vnic', 'binding', 'address']

/** Events that are kept, of all projects together. */
export const MAX_EVENTS = 10_000

/** Each commit writes this key, on condition that it is as the writer knows it: so no commit rests on an old graph. */
export const HEAD_KEY = 'head'

/** What the head holds: the id of the last event. */
export interface Head {
  readonly event: number
}

export function toWrite(change: Change): Write {
  const key = `${change.kind}/${change.id}`
  return change.to === null ? { remove: key } : { put: key, value: change.to as unknown as Json }
}

export const headWrite = (head: Head): Write => ({ put: HEAD_KEY, value: { ...head } })

/** An event takes the place of the one that is no longer kept. */
export function eventWrites(event: Event): Write[] {
  const put: Write = { put: eventKey(event.id), value: event as unknown as Json }
  return event.id > MAX_EVENTS ? [put, { remove: eventKey(event.id - MAX_EVENTS) }] : [put]
}

const eventKey = (id: number): string => `event/${String(id).padStart(16, '0')}`

/** What a commit, of whatever writer, did to the graph and told. */
export interface Told {
  readonly changes: readonly Change[]
  readonly events: readonly Event[]
  /** Undefined: the commit did not write the head, so it concerns none of these. */
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
  /** Every node, as the version of the program that stored it has it. */
  readonly nodes: readonly Change[]
  readonly events: readonly Event[]
  readonly head: Head
  /** The revision of the head; 0 if it must be learnt from the watch first. */
  readonly headRevision: number
  /** Everything up to this revision is in what was read. */
  readonly revision: number
}

/**
 * Reads the whole store. Other writers may go on meanwhile: what they commit after `revision` may be in it or not, and the
 * watch from there tells it.
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
    // Within a kind by key, so that lists keep their order.
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

export function graphOf(nodes: readonly Change[]): Graph {
  const graph = new Graph()
  for (const node of nodes) apply(graph, node)
  return graph
}

const changeOf = (kind: ChangeKind, key: string, to: object | null): Change =>
  ({ kind, id: key.slice(kind.length + 1), to }) as unknown as Change

function objectOf(key: string, value: Json): object {
  if (value && typeof value === 'object') return value
  throw new StoreError('malformed', `the store holds ${JSON.stringify(value)} for ${key}, where an object must be`)
}

const keyOf = ({ to }: Change): number => (to && 'key' in to ? to.key : 0)
