/** Looks at the tunnel addresses of all connected hypervisors whenever one of them joins, leaves or changes. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import type { Effects } from '../core/effects.ts'
import type { Subscriber } from '../core/subscribers.ts'
import type { Troubles } from '../core/troubles.ts'
import { encapTroubles, type RefusedAddress } from './encap-addresses.ts'

interface Context {
  readonly graph: GraphReader
  readonly troubles: Pick<Troubles, 'report'>
  /** Is its OVSDB or its switch connected? */
  isConnected(hypervisor: HypervisorId): boolean
  /** The hosts that say that they have the tunnel address of another one. Those whose address is free by now are read again. */
  refused(): readonly RefusedAddress[]
}

const SOURCE = 'encap'

export class EncapCheck implements Subscriber {
  readonly #context: Context
  #found: ReadonlyMap<HypervisorId, unknown> = new Map()
  #isDue = false

  constructor(context: Context) {
    this.#context = context
  }

  committed({ hypervisors }: Effects): void {
    if (hypervisors.size > 0) this.check()
  }

  /** Hypervisors that join together share one check. */
  check(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#report()
    })
  }

  #report(): void {
    const { graph, troubles, refused } = this.#context
    const found = encapTroubles(this.#connected(), (id) => graph.portsOn.has(id), refused())
    for (const id of this.#found.keys()) if (!found.has(id)) troubles.report(SOURCE, id, [])
    for (const [id, its] of found) troubles.report(SOURCE, id, its)
    this.#found = found
  }

  *#connected(): Generator<Hypervisor> {
    const { graph, isConnected } = this.#context
    for (const hypervisor of graph.hypervisors.values()) if (isConnected(hypervisor.id)) yield hypervisor
  }
}
