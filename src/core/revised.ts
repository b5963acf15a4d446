/** Which objects a commit has given another revision. */
import type { ChangeKind } from '../../topology/change.ts'
import type { Committed } from './committed.ts'

/** Kinds that callers of the API know, with a revision. */
const KINDS: readonly ChangeKind[] = ['network', 'port', 'vnic']

export interface Revised {
  readonly kind: ChangeKind
  readonly id: string
  /** The revision before; null: it did not exist, or its kind has none. */
  readonly before: number | null
  /** The same after the commit. */
  readonly after: number | null
}

/** The objects with another revision than before, and hypervisors that are gone. */
export function revisedBy({ steps }: Committed): Revised[] {
  const found = new Map<string, Revised>()
  for (const { change, undo } of steps) {
    const { kind, id } = change
    if (!KINDS.includes(kind) && !(kind === 'hypervisor' && change.to === null)) continue
    const name = `${kind} ${id}`
    const before = found.has(name) ? (found.get(name)?.before ?? null) : revisionOf(undo.to)
    found.set(name, { kind, id, before, after: revisionOf(change.to) })
  }
  return [...found.values()].filter(({ kind, before, after }) => kind === 'hypervisor' || before !== after)
}

const revisionOf = (to: unknown): number | null =>
  typeof to === 'object' && to !== null && 'revision' in to ? Number(to.revision) : null
