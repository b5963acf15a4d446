/** Writes into the graph what hosts report: facts about hypervisors, and which VNICs they claim. Both are durable. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/model.ts'
import type { Draft } from '../core/draft.ts'
import type { Journal } from '../core/journal.ts'
import { claimedBy, claimOf, claimsOn, sameBinding } from '../core/resources/claims.ts'
import { succeed } from '../core/resources/succession.ts'
import type { BindingSettler } from './binding-settler.ts'
import { datapathTwin } from './conditions.ts'
import { encapHolder } from './encap-addresses.ts'
import { type Facts, type HostState, sameFacts } from './facts.ts'
import { Share } from './share.ts'

interface Context {
  readonly graph: GraphReader
  readonly journal: Pick<Journal, 'write'>
  readonly settler: BindingSettler
  /** Is a hypervisor connected, or was it a moment ago? */
  isThere(hypervisor: HypervisorId): boolean
}

interface Reading {
  /** The address that the OVSDB of the host has connected from. */
  readonly address?: string | null
  /** The VNICs that it claims by an interface that was removed and added again: these claims are new ones. */
  readonly renewed?: ReadonlySet<VnicId>
  /** Counts the time that the work takes. */
  readonly share?: Share
}

/** Claims that are settled in one turn of the event loop. They take some milliseconds. */
const MAX_CLAIMS_PER_TURN = 200

export class StateWriter {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Resolves when the host's state is durable. A state that the graph already has is not written again. Claims that change are written
   * together, since interfaces may have swapped their port numbers. Many that end are dropped in slices before that, and many new ones
   * follow in slices.
   * @throws PlugboardError `unavailable`; then the caller can repeat the call
   */
  async write(
    id: HypervisorId,
    state: HostState,
    { address = null, renewed = new Set(), share = new Share() }: Reading = {},
  ): Promise<void> {
    const { graph, journal, settler } = this.#context
    const known = graph.hypervisors.get(id)
    const isKnown = isStored(known, { ...this.#own(graph, id, state.facts), address })
    const before = share.take(() => changedClaims(graph, id, state.claims))
    if (isKnown && renewed.size === 0 && before.size === 0) return
    const isComplete = known?.claimsStored ?? true
    const ended = [...before].filter((vnic) => !state.claims.has(vnic))
    const added = [...before].filter((vnic) => !claimOf(graph, vnic, id))
    const later = new Set(added.slice(MAX_CLAIMS_PER_TURN))
    const write = async (choose: (draft: Draft) => Iterable<VnicId>) => {
      const { value } = await journal.write((draft) =>
        share.take(() => {
          const after = (vnic: VnicId) => {
            const all = claimsOn(draft.graph, vnic)
            const claims = renewed.has(vnic) ? all.filter(({ hypervisor }) => hypervisor !== id) : all
            return claimsAfter(draft.graph, { id, vnic, claims, claim: state.claims.get(vnic), isComplete })
          }
          return settler.settle(draft, new Map([...choose(draft)].map((vnic) => [vnic, after(vnic)])))
        }),
      )
      settler.committed(value)
    }
    for (const slice of slicesOf(ended.slice(MAX_CLAIMS_PER_TURN))) await write(() => slice)
    await write((draft) => {
      writeFacts(draft, id, { ...this.#own(draft.graph, id, state.facts), address })
      const changed = new Set([...changedClaims(draft.graph, id, state.claims), ...renewed])
      return [...changed].filter((vnic) => !later.has(vnic))
    })
    for (const slice of slicesOf([...later])) await write(() => slice)
  }

  /** The facts without those that another hypervisor has and only one can have. */
  #own(graph: GraphReader, id: HypervisorId, facts: Facts): Facts {
    const isTwin = datapathTwin(id, facts, graph) !== undefined
    const holder = encapHolder(graph, id, facts.encapIp, this.#context.isThere)
    return {
      ...facts,
      datapathId: isTwin ? null : facts.datapathId,
      encapIp: holder === undefined ? facts.encapIp : null,
    }
  }

  /** Makes one hypervisor the successor of another one, whose host has changed its system-id. Resolves when that is durable. */
  async succeed(from: HypervisorId, to: HypervisorId): Promise<void> {
    await this.#context.journal.write((draft) => succeed(draft, from, to))
  }
}

function* slicesOf(vnics: readonly VnicId[]): Generator<readonly VnicId[]> {
  for (let at = 0; at < vnics.length; at += MAX_CLAIMS_PER_TURN) yield vnics.slice(at, at + MAX_CLAIMS_PER_TURN)
}

/** The VNICs of which a hypervisor makes another claim than the stored one. */
function changedClaims(graph: GraphReader, id: HypervisorId, claims: ReadonlyMap<VnicId, Binding>): Set<VnicId> {
  const changed = new Set([...claimedBy(graph, id)].filter((vnic) => !claims.has(vnic)))
  for (const [vnic, claim] of claims) {
    const stored = claimOf(graph, vnic, id)
    if (!stored || !sameBinding(stored, claim)) changed.add(vnic)
  }
  return changed
}

interface Said {
  /** The hypervisor that has said what it claims. */
  readonly id: HypervisorId
  readonly vnic: VnicId
  /** The claims on the VNIC before, the oldest first. */
  readonly claims: readonly Binding[]
  /** What the hypervisor claims now; undefined: it does not claim the VNIC. */
  readonly claim: Binding | undefined
  /** Are all earlier claims of the hypervisor stored? Otherwise a claim that is not stored may be an old one. */
  readonly isComplete: boolean
}

/** The claims on a VNIC after one hypervisor has said what it claims. A claim that changes keeps its place; a new one is the newest. */
function claimsAfter(graph: GraphReader, { id, vnic, claims, claim, isComplete }: Said): readonly Binding[] {
  if (!claim) return claims.filter(({ hypervisor }) => hypervisor !== id)
  if (claims.some(({ hypervisor }) => hypervisor === id)) {
    return claims.map((each) => (each.hypervisor === id ? claim : each))
  }
  const isExpected = graph.vnics.get(vnic)?.migratesTo === id
  return isComplete || isExpected ? [...claims, claim] : [claim, ...claims]
}

/** Facts, and the address that they came from. */
type Seen = Facts & Pick<Hypervisor, 'address'>

const isStored = (known: Hypervisor | undefined, seen: Seen): boolean =>
  known?.claimsStored === true && known.address === seen.address && sameFacts(known, seen)

function writeFacts(draft: Draft, id: HypervisorId, seen: Seen): void {
  const before = draft.graph.hypervisors.get(id)
  if (isStored(before, seen)) return
  const key = before?.key ?? draft.nextKey()
  const to: Hypervisor = { id, key, ...seen, successor: null, hadVnic: before?.hadVnic ?? false, claimsStored: true }
  draft.change({ kind: 'hypervisor', id, to })
}
