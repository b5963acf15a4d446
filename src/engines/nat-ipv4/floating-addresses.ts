/**
 * The floating addresses of a network. Each one is stored as a segment, with its owner and the hypervisors that may have rules for
 * it. So a freed address is the last to be reused, and only after its last rule is gone.
 */

import { dotted, endsOf, isWithin, type Prefix, printPrefix } from '../../../flows/engines/prefix.ts'
import { addressSegment } from '../../../flows/stages/nat/routed-fabric.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import { PlugboardError } from '../../core/errors.ts'
import { isFree, Pool, type Range, whose } from '../../core/resources/segments.ts'
import { parseAddress, spanOf } from './prefixes.ts'

export interface Floating {
  readonly physicalNetwork: string
  /** The prefix of the pool on the physical network. */
  readonly onLink: Prefix
  readonly router: number | null
  /** The part of the pool that the network uses. */
  readonly prefix: Prefix
}

/** The addresses that ports may get: not the router, and not the first or last address of a prefix. */
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

  /** The name of an address's segment. */
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

  /** Takes a requested address. @throws PlugboardError `bad-request`, `address-in-use` */
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
