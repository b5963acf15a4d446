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
import { type Facts, type HostState, sameFacts } from './facts.ts'

interface Context {
  readonly graph: GraphReader
  readonly journal: Pick<Journal, 'write'>
  readonly settler: BindingSettler
}

export class StateWriter {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Resolves when the host's state is durable. A state that the graph already has is not written again.
   * @param renewed the VNICs that it claims by an interface that was removed and added again: these claims are new ones
   * @throws PlugboardError `unavailable`; then the caller can repeat the call
   */
  async write(id: HypervisorId, state: HostState, renewed: ReadonlySet<VnicId> = new Set()): Promise<void> {
    const { graph, journal, settler } = this.#context
    const facts = datapathTwin(id, state.facts, graph) ? { ...state.facts, datapathId: null } : state.facts
    const known = graph.hypervisors.get(id)
    const isKnown = known?.claimsStored && sameFacts(known, facts)
    if (isKnown && renewed.size === 0 && changedClaims(graph, id, state.claims).size === 0) return
    const { value } = await journal.write((draft) => {
      const isComplete = draft.graph.hypervisors.get(id)?.claimsStored ?? true
      writeFacts(draft, id, facts)
      const changed = new Set([...changedClaims(draft.graph, id, state.claims), ...renewed])
      const after = (vnic: VnicId) => {
        const all = claimsOn(draft.graph, vnic)
        const claims = renewed.has(vnic) ? all.filter(({ hypervisor }) => hypervisor !== id) : all
        return claimsAfter(draft.graph, { id, vnic, claims, claim: state.claims.get(vnic), isComplete })
      }
      return settler.settle(draft, new Map([...changed].map((vnic) => [vnic, after(vnic)])))
    })
    settler.committed(value)
  }

  /** Makes one hypervisor the successor of another one, whose host has changed its system-id. Resolves when that is durable. */
  async succeed(from: HypervisorId, to: HypervisorId): Promise<void> {
    await this.#context.journal.write((draft) => succeed(draft, from, to))
  }
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

function writeFacts(draft: Draft, id: HypervisorId, facts: Facts): void {
  const before = draft.graph.hypervisors.get(id)
  if (before?.claimsStored && sameFacts(before, facts)) return
  const key = before?.key ?? draft.nextKey()
  const to: Hypervisor = { id, key, ...facts, successor: null, claimsStored: true }
  draft.change({ kind: 'hypervisor', id, to })
}
