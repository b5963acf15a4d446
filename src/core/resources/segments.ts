/** Allocates segments from a pool of numbers: first numbers that were never used, then the one that was freed longest ago. */
import { isTaken } from '../../../topology/graph.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId } from '../../../topology/ids.ts'
import type { Segment } from '../../../topology/model.ts'
import { PlugboardError } from '../errors.ts'

/** Numbers from `first` to `last`, both included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** Is this a well-formed name of a segment, such as `vlan/physnet1/101`, `vxlan/4097` or `vxlan/7/203.0.113.5`? */
export const isSegmentName = (id: string): boolean => /^[A-Za-z0-9._-]+(\/[A-Za-z0-9.:_-]+)+$/.test(id)

/** May a segment be given to a new owner? Neither it nor a part of it may have an owner or a holder. */
export function isFree(graph: GraphReader, id: string): boolean {
  const segment = graph.segments.get(id)
  return !(segment && isTaken(segment)) && !graph.segmentParts.has(id)
}

/**
 * Checks that a segment and all its parts are free.
 * @param words the name of the segment in an error: "VLAN 101 of physnet1"
 * @param field the field of the request that chose the segment; null if there is none
 * @throws PlugboardError `segment-in-use`
 */
export function checkFree(graph: GraphReader, id: string, words: string, field: string | null = 'segment'): void {
  checkUntaken(graph, id, words, field)
  for (const part of graph.segmentParts.get(id)) checkUntaken(graph, part, words, field)
}

/** Checks that a segment itself is free; its parts may be taken. The parameters are those of `checkFree`. */
export function checkUntaken(graph: GraphReader, id: string, words: string, field: string | null = 'segment'): void {
  const by = whose(graph, graph.segments.get(id))
  if (by !== undefined)
    throw new PlugboardError('segment-in-use', `${words} is taken: ${by}`, field === null ? {} : { field })
}

/**
 * Says in words why a segment is not free; undefined if it is. Its parts do not count. The words name no object, since that may be
 * one of another project.
 */
export function whose(graph: GraphReader, segment: Segment | undefined): string | undefined {
  if (!segment || !isTaken(segment)) return undefined
  const owner = segment.owner === null ? undefined : graph.byKey.get(segment.owner)
  return owner ? `a ${owner.kind} has it` : 'it was freed, but hypervisors may still hold rules for it'
}

/**
 * The segment after one of its holders has let it go.
 * @returns null to delete the segment: it is part of another segment and not taken any more. A whole segment is kept, because
 * the segment that was freed longest ago must be reused first.
 */
export function released(segment: Segment, hypervisor: HypervisorId): Segment | null {
  const now = { ...segment, holders: segment.holders.filter((holder) => holder !== hypervisor) }
  return now.partOf !== null && !isTaken(now) ? null : now
}

/** How a number is written in the name of its segment. */
export interface Spelling {
  print(number: number): string
  parse(text: string): number
}
const PLAIN: Spelling = { print: String, parse: Number }

export class Pool {
  /** The prefix of its segments' names: `vlan/physnet1`. */
  readonly name: string
  readonly ranges: readonly Range[]
  /** Every smaller number has been used, or was chosen by an operation that failed to commit. */
  #next = 0
  readonly #spelling: Spelling

  constructor(name: string, ranges: readonly Range[], spelling: Spelling = PLAIN) {
    this.name = name
    this.#spelling = spelling
    this.ranges = [...ranges].sort((a, b) => a.first - b.first)
  }

  idOf(number: number): string {
    return `${this.name}/${this.#spelling.print(number)}`
  }

  /** Checks that a requested number is free. @param words the name of the segment in an error: "VLAN 101 of physnet1" */
  claim(graph: GraphReader, number: number, words: string): void {
    checkFree(graph, this.idOf(number), words)
  }

  /** The pool in words: `vlan/physnet1 (100-4000)`. */
  get words(): string {
    return `${this.name} (${this.ranges.map(({ first, last }) => `${first}-${last}`).join(', ')})`
  }

  /** Chooses a free number; undefined if none is left. */
  allocate(graph: GraphReader): number | undefined {
    const chosen = this.#neverUsed(graph) ?? this.#longestFreed(graph)
    if (chosen !== undefined || this.#next === 0) return chosen
    // Search from the beginning: smaller numbers may be free if the operations that chose them did not commit.
    this.#next = 0
    return this.#neverUsed(graph)
  }

  #neverUsed(graph: GraphReader): number | undefined {
    for (const { first, last } of this.ranges) {
      for (let number = Math.max(first, this.#next); number <= last; number++) {
        if (graph.segments.has(this.idOf(number)) || graph.segmentParts.has(this.idOf(number))) continue
        this.#next = number
        return number
      }
    }
    return undefined
  }

  #longestFreed(graph: GraphReader): number | undefined {
    let best: { number: number; freed: number } | undefined
    for (const { id, freed } of graph.segments.values()) {
      if (!id.startsWith(`${this.name}/`) || (best && best.freed <= freed) || !isFree(graph, id)) continue
      const number = this.#spelling.parse(id.slice(this.name.length + 1))
      if (this.ranges.some(({ first, last }) => first <= number && number <= last)) best = { number, freed }
    }
    return best?.number
  }
}
