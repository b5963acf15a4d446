/**
 * Empties the cache of decisions of a datapath that may keep old ones (`Hypervisor.keepsDecisions`). OpenFlow has no message for it.
 * But Open vSwitch deletes a cached flow, instead of updating it, when the rules now look at bits of packets that it did not look
 * at. So for a short time every packet meets a rule that looks at some bits of its mark, and matches none: packets have no mark
 * there. All flows that were cached before are deleted meanwhile. Those cached meanwhile look at these bits, so the next purge
 * chooses others.
 */
import { randomInt } from 'node:crypto'
import { authorOf, cookieOf } from '../../flows/pipeline/cookie.ts'
import { CLASSIFY, EGRESS, GUARD } from '../../flows/pipeline/table.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key } from '../../topology/ids.ts'
import type { Flow, FlowMod, Session } from '../openflow/index.ts'

/** Open vSwitch goes through its cache within some tens of milliseconds, or longer on a busy host. */
export const PURGE_MS = 300
const MARK_BITS = 32
/** With half of all bits, no choice is part of another, and two are equal once in 600 million. */
const CHOSEN_BITS = MARK_BITS / 2
const HIGHEST_PRIORITY = 65_535

/** The tables with the rules of ports at their own hypervisor: who they are, what they may send, and where what is for them goes. */
const OWN_TABLES: readonly number[] = [CLASSIFY.number, GUARD.number, EGRESS.number]

/** Do these deletions take a place or a right from a port that is on this switch? Then no cached decision about it may stay. */
export const takesFromPorts = (drop: readonly Flow[], { byKey }: GraphReader): boolean =>
  drop.some(({ table, cookie }) => {
    const author = authorOf(cookie)
    const kind = author === undefined ? undefined : byKey.get(author)?.kind
    // A port may be destroyed by now. Networks and hypervisors that are destroyed have lost their ports before.
    return OWN_TABLES.includes(table) && kind !== 'network' && kind !== 'hypervisor'
  })

/** The rule of a purge. */
type PurgeRule = Pick<Flow, 'table' | 'priority' | 'match' | 'cookie'>

export class CachePurge {
  readonly #session: Session
  #rule: PurgeRule | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** Begins a purge; one under way goes over into it. @param author the key of the hypervisor */
  async begin(author: Key): Promise<void> {
    const former = this.#rule
    const bits = chosenBits()
    this.#rule = {
      table: CLASSIFY.number,
      priority: HIGHEST_PRIORITY,
      match: [{ field: 'pkt_mark', value: bits, mask: bits }],
      cookie: cookieOf(author),
    }
    this.#session.send({ type: 'flow_mod', command: 'add', ...this.#rule, instructions: [] } satisfies FlowMod)
    this.#delete(former)
    await this.#session.barrier()
  }

  /** Ends the purge under way. */
  async end(): Promise<void> {
    if (!this.#rule) return
    this.#delete(this.#rule)
    this.#rule = undefined
    await this.#session.barrier()
  }

  /** Is this the rule of the purge under way? */
  has({ table, priority, cookie }: PurgeRule): boolean {
    return table === this.#rule?.table && priority === this.#rule.priority && cookie === this.#rule.cookie
  }

  #delete(rule: PurgeRule | undefined): void {
    if (rule) this.#session.send({ type: 'flow_mod', command: 'delete_strict', ...rule } satisfies FlowMod)
  }
}

function chosenBits(): number {
  const bits = Array.from({ length: MARK_BITS }, (_, bit) => bit)
  let chosen = 0
  for (let count = 0; count < CHOSEN_BITS; count++) {
    const [bit = 0] = bits.splice(randomInt(bits.length), 1)
    chosen += 2 ** bit
  }
  return chosen
}
