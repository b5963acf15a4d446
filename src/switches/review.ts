/**
 * After a store was loaded from a dump, the first comparison of each switch is reviewed. The switch may have rules of VNICs, ports and
 * networks that are newer than the dump. If interfaces show that such VNICs are alive, nothing is changed on the switch until an
 * operator says so. So the rules there stay whole: a part of them could join networks.
 *
 * The rules of a live VNIC stand on other hypervisors, too. A switch with rules of unknown objects waits until every hypervisor was
 * reviewed, because one of them may show the VNIC.
 */
import type { Logger } from 'pino'
import { arrivalKeys, type Engines } from '../../flows/compile.ts'
import type { Ledger } from '../../flows/diff.ts'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { CLASSIFY } from '../../flows/pipeline/table.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key, VnicId } from '../../topology/ids.ts'
import type { HeldRule } from '../core/connected-switches.ts'
import type { Draft } from '../core/draft.ts'
import type { Effects } from '../core/effects.ts'
import { PlugboardError } from '../core/errors.ts'
import { sliced } from '../core/slices.ts'
import type { Subscriber } from '../core/subscribers.ts'
import type { Trouble } from '../core/trouble.ts'
import { type Flow, ruleKey } from '../openflow/index.ts'
import type { SwitchListener } from './switch-listener.ts'

export interface Reviewer {
  /** Returns the rules that nobody but an operator may take away; nothing is changed on the switch while there are any. */
  review(hypervisor: HypervisorId, ledger: Ledger): Promise<readonly HeldRule[]>
}

interface Context {
  readonly graph: GraphReader
  readonly engines: Engines
  readonly log: Logger
  hosts(): Hosts
  switches(): { get(hypervisor: HypervisorId): { reviewAgain(): void } | undefined }
}

/** What the hosts of switches say. */
interface Hosts {
  readonly reception: {
    /** Was the hypervisor last compared before the store was loaded? */
    isReviewDue(hypervisor: HypervisorId): boolean
  }
  /** The VNICs whose interfaces the hypervisor shows, by port number; undefined: it is not known. */
  alive(hypervisor: HypervisorId): ReadonlyMap<number, VnicId> | undefined
  /** The switch of the hypervisor may be changed from now on. */
  reviewed(hypervisor: HypervisorId): void
}

/** What a switch would lose, as far as the store does not know it. */
interface Held {
  /** The live VNICs there, by the keys of their ports. */
  readonly alive: ReadonlyMap<Key, VnicId>
}

export class Reviews implements Reviewer, Subscriber, SwitchListener {
  readonly #context: Context
  /** Hypervisors that were reviewed since the controller started. */
  readonly #reviewed = new Set<HypervisorId>()
  readonly #held = new Map<HypervisorId, Held>()

  constructor(context: Context) {
    this.#context = context
  }

  async review(id: HypervisorId, ledger: Ledger): Promise<readonly HeldRule[]> {
    const { graph, hosts } = this.#context
    if (!hosts().reception.isReviewDue(id)) return this.#pass(id)
    const lost = await sliced(ledger.lost())
    const shown = hosts().alive(id)
    if (lost.length > 0 && !shown) {
      this.#held.set(id, { alive: new Map() })
      return lost.map((flow) => ({ flow, vnic: () => null }))
    }
    const alive = this.#aliveAmong(shown ?? new Map(), lost)
    const isNew = !this.#reviewed.has(id) || alive.size !== this.#held.get(id)?.alive.size
    this.#reviewed.add(id)
    const unknown = lost.filter(({ cookie }) => !graph.byKey.has(authorOf(cookie) as Key))
    const elsewhere = new Map([...this.#held].flatMap(([other, held]) => (other === id ? [] : [...held.alive])))
    const mayBeAlive = unknown.some(({ cookie }) => elsewhere.has(authorOf(cookie) as Key)) || !this.#isComplete()
    const isHeld = alive.size > 0 || (unknown.length > 0 && mayBeAlive)
    if (!isHeld || (await this.#sharesSegment(id, lost))) return this.#pass(id)
    this.#held.set(id, { alive })
    if (isNew) this.#reviewOthers(id)
    return lost.map((flow) => ({ flow, vnic: () => this.#vnicOf(authorOf(flow.cookie) as Key) }))
  }

  disconnected(id: HypervisorId): void {
    if (this.#held.delete(id)) this.#reviewOthers(id)
  }

  /** A segment that a held rule uses must not be given to a new network. */
  settle(_draft: Draft, { commit }: Effects): void {
    if (this.#held.size === 0) return
    for (const { change, undo } of commit.steps) {
      if (change.kind !== 'segment' || undo.kind !== 'segment') continue
      const owner = change.to?.owner ?? null
      if (owner === null || owner === (undo.to?.owner ?? null)) continue
      const where = [...this.#held.keys()].slice(0, MAX_NAMED).join(', ')
      throw new PlugboardError(
        'unavailable',
        `the store was restored, and rules that it does not know are held on hypervisors (${where}): they may use this segment; look at GET /v1/hypervisors/{id}/held and release them (DELETE) first`,
      )
    }
  }

  committed({ hypervisors }: Effects): void {
    // The last hypervisor that was not reviewed may have been removed.
    if (hypervisors.size > 0) this.#reviewOthers(undefined)
  }

  /** The live VNIC in a port. Its hypervisor may have been reviewed after others that have rules for it. */
  #vnicOf(author: Key): VnicId | null {
    for (const { alive } of this.#held.values()) {
      const vnic = alive.get(author)
      if (vnic !== undefined) return vnic
    }
    return null
  }

  #pass(id: HypervisorId): readonly HeldRule[] {
    const isNew = !this.#reviewed.has(id)
    this.#reviewed.add(id)
    this.#context.hosts().reviewed(id)
    if (this.#held.delete(id) || isNew) this.#reviewOthers(id)
    return []
  }

  /** Reviews the switches again that have no live VNICs of their own: one that was elsewhere may be gone, or known. */
  #reviewOthers(id: HypervisorId | undefined): void {
    for (const [other, { alive }] of this.#held)
      if (other !== id && alive.size === 0) this.#context.switches().get(other)?.reviewAgain()
  }

  /** Was every hypervisor reviewed? */
  #isComplete(): boolean {
    const { graph } = this.#context
    return [...graph.hypervisors.values()].every(({ id, successor }) => successor !== null || this.#reviewed.has(id))
  }

  /** The live VNICs whose rules are lost. A VNIC that the store knows in the same port is only about to be settled here. */
  #aliveAmong(shown: ReadonlyMap<number, VnicId>, lost: readonly Flow[]): Map<Key, VnicId> {
    const { graph } = this.#context
    const found = new Map<Key, VnicId>()
    for (const { table, match, cookie } of lost) {
      if (table !== CLASSIFY.number) continue
      const port = match.find((each) => each.field === 'in_port')
      const vnic = port && 'value' in port ? shown.get(Number(port.value)) : undefined
      const author = authorOf(cookie) as Key
      const what = graph.byKey.get(author)
      const isSettled = what?.kind === 'port' && graph.attachmentOf(what.id)?.vnic.id === vnic
      if (vnic !== undefined && !isSettled) found.set(author, vnic)
    }
    return found
  }

  /** Does a network that the store knows use the segment of one that it does not know? Then the store decides. */
  async #sharesSegment(id: HypervisorId, lost: readonly Flow[]): Promise<boolean> {
    const authors = new Map<string, Key>()
    for (const flow of lost)
      if (flow.table === CLASSIFY.number) authors.set(ruleKey(flow), authorOf(flow.cookie) as Key)
    const shared = await sliced(this.#sharing(id, authors))
    if (shared !== undefined) {
      this.#context.log.error(
        { hypervisor: id, by: shared },
        'rules that the restored store does not know are not held, because a network has their segment now',
      )
    }
    return shared !== undefined
  }

  /** @param authors the author of each lost rule, by its key @returns the id of a network or port with the segment of one of them */
  *#sharing(id: HypervisorId, authors: ReadonlyMap<string, Key>): Generator<void, string | undefined> {
    const { graph, engines } = this.#context
    const here = graph.hypervisors.get(id)
    if (!here) return undefined
    const alone = [...graph.ports.values()].filter(({ networkId }) => networkId === null)
    for (const domain of [...graph.networks.values(), ...alone]) {
      for (const key of arrivalKeys(graph, engines, here, domain)) {
        const author = authors.get(key)
        if (author !== undefined && author !== domain.key) return domain.id
      }
      yield
    }
    return undefined
  }
}

/** More are only counted. */
const MAX_NAMED = 5

export function heldRules(id: HypervisorId, held: readonly HeldRule[]): Trouble {
  const vnics = [...new Set(held.flatMap(({ vnic }) => vnic() ?? []))]
  const more = vnics.length > MAX_NAMED ? ` and ${vnics.length - MAX_NAMED} more` : ''
  const whose =
    vnics.length === 0
      ? 'other hypervisors may still need them'
      : `VNICs ${vnics.slice(0, MAX_NAMED).join(', ')}${more} are alive`
  return {
    code: 'held-rules',
    message: `the store was loaded from a dump and does not know ${held.length} rules here (${whose}): nothing is changed here until an operator takes them away (DELETE /v1/hypervisors/${id}/held; GET lists them)`,
    severity: 'error',
    stopped: { kind: 'nothing' },
  }
}
