/** Allocation of segments from a pool of numbers: never used ones first, then the one freed longest ago. */
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

/** `vlan/physnet1/101`, `vxlan/4097`, `vxlan/7/203.0.113.5`: as `segmentOf` names the way to the fabric that it is. */
export const isSegmentName = (id: string): boolean => /^[A-Za-z0-9._-]+(\/[A-Za-z0-9.:_-]+)+$/.test(id)

/** May a segment be given away: neither it nor a part of it is anybody's, nor held by rules that may still be there? */
export function isFree(graph: GraphReader, id: string): boolean {
  const segment = graph.segments.get(id)
  return !(segment && isTaken(segment)) && !graph.segmentParts.has(id)
}

/** @param words what it is called: "VLAN 101 of physnet1" @param field to blame, if there is one @throws PlugboardError `segment-in-use` */
export function checkFree(graph: GraphReader, id: string, words: string, field: string | null = 'segment'): void {
  checkUntaken(graph, id, words, field)
  for (const part of graph.segmentParts.get(id)) checkUntaken(graph, part, words, field)
}

/** The same of a segment by itself, whoever has parts of it. */
export function checkUntaken(graph: GraphReader, id: string, words: string, field: string | null = 'segment'): void {
  const by = whose(graph, graph.segments.get(id))
  if (by !== undefined)
    throw new PlugboardError('segment-in-use', `${words} is taken: ${by}`, field === null ? {} : { field })
}

/** What keeps a segment from being given away, in words; undefined: nothing of its own. */
export function whose(graph: GraphReader, segment: Segment | undefined): string | undefined {
  if (!segment || !isTaken(segment)) return undefined
  const owner = segment.owner === null ? undefined : graph.byKey.get(segment.owner)
  return owner
    ? `${owner.kind} ${owner.id} has it`
    : `it was freed, but hypervisors ${segment.holders.join(', ')} may still hold rules for it`
}

/**
 * A segment without one of its holders.
 * @returns null where nobody has it any more and it is a part of another one; a whole segment is kept, since the one freed
 * longest ago is used again first
 */
export function released(segment: Segment, hypervisor: HypervisorId): Segment | null {
  const now = { ...segment, holders: segment.holders.filter((holder) => holder !== hypervisor) }
  return now.partOf !== null && !isTaken(now) ? null : now
}

/** How a number stands in the name of its segment. */
export interface Spelling {
  print(number: number): string
  parse(text: string): number
}
const PLAIN: Spelling = { print: String, parse: Number }

export class Pool {
  /** The prefix of its segments' names: `vlan/physnet1`. */
  readonly name: string
  readonly ranges: readonly Range[]
  /** Every number before this one has been used, or chosen for what was not stored in the end. */
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

  /** Take a number that the caller asks for. @param words what it is called: "VLAN 101 of physnet1" */
  claim(graph: GraphReader, number: number, words: string): void {
    checkFree(graph, this.idOf(number), words)
  }

  /** The pool in words: `vlan/physnet1 (100-4000)`. */
  get words(): string {
    return `${this.name} (${this.ranges.map(({ first, last }) => `${first}-${last}`).join(', ')})`
  }

  /** Choose a number, or undefined where none is left. */
  allocate(graph: GraphReader): number | undefined {
    const chosen = this.#neverUsed(graph) ?? this.#longestFreed(graph)
    if (chosen !== undefined || this.#next === 0) return chosen
    // What was chosen and then not stored is behind us.
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
