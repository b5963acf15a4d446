/**
 * Floating addresses of a network. Each one is a segment of its physical network: it is stored who has it and which hypervisors
 * may hold rules for it, so that a freed address is given away again last, and not before its last rule is gone.
 */

import { dotted, endsOf, isWithin, type Prefix, printPrefix } from '../../../flows/engines/prefix.ts'
import { addressSegment } from '../../../flows/stages/nat/routed-fabric.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import { PlugboardError } from '../../core/errors.ts'
import { isFree, Pool, type Range, whose } from '../../core/resources/segments.ts'
import { parseAddress, spanOf } from './prefixes.ts'

export interface Floating {
  readonly physicalNetwork: string
  /** Of the physical network. */
  readonly onLink: Prefix
  readonly router: number | null
  /** Of the network. */
  readonly prefix: Prefix
}

/** What may be given out: neither a router nor an address of a network or its broadcast. */
export function usable({ onLink, router, prefix }: Floating): Range[] {
  const never = new Set([...endsOf(onLink), ...endsOf(prefix), ...(router === null ? [] : [router])])
  const [first, last] = endsOf(prefix)
  const ranges: Range[] = []
  let from = first
  for (const taken of [...never].filter((each) => isWithin(each, prefix)).sort((a, b) => a - b)) {
    if (from < taken) ranges.push({ first: from, last: taken - 1 })
    from = taken + 1
  }
  return from <= last ? [...ranges, { first: from, last }] : ranges
}

const FIELD = 'floating_address'

export class Addresses {
  readonly #floating: Floating
  readonly #pool: Pool

  constructor(floating: Floating) {
    this.#floating = floating
    const spelling = { print: dotted, parse: (text: string) => parseAddress(text) ?? Number.NaN }
    this.#pool = new Pool(`routed/${floating.physicalNetwork}`, usable(floating), spelling)
  }

  /** The segment of an address. */
  segmentOf(address: number): string {
    return addressSegment(this.#floating.physicalNetwork, address)
  }

  /** @throws PlugboardError `addresses-exhausted` */
  allocate(graph: GraphReader): number {
    const chosen = this.#pool.allocate(graph)
    if (chosen !== undefined) return chosen
    throw new PlugboardError(
      'addresses-exhausted',
      `no address of ${printPrefix(this.#floating.prefix)} is free: destroy a port of the network, or make another network`,
    )
  }

  /** Take the one that the caller asks for. @throws PlugboardError `bad-request`, `address-in-use` */
  claim(graph: GraphReader, address: number): number {
    const { ranges } = this.#pool
    if (!ranges.some(({ first, last }) => first <= address && address <= last)) {
      const detail = `${FIELD} ${dotted(address)} is none that a port of this network may have: choose one of ${ranges.map(spanOf).join(', ')}`
      throw new PlugboardError('bad-request', detail, { field: FIELD })
    }
    const segment = this.segmentOf(address)
    if (isFree(graph, segment)) return address
    const detail = `${FIELD} ${dotted(address)} is taken: ${whose(graph, graph.segments.get(segment))}`
    throw new PlugboardError('address-in-use', detail, { field: FIELD })
  }
}
