/** Writes into the graph what hosts report: facts about hypervisors, and which of them holds a VNIC. Both are durable. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/model.ts'
import type { Draft } from '../core/draft.ts'
import type { Journal } from '../core/journal.ts'
import type { BindingSettler } from './binding-settler.ts'
import { type BindingClaims, sameBinding } from './bindings.ts'
import { datapathTwin } from './conditions.ts'
import { type Facts, type HostState, sameFacts } from './facts.ts'

interface Context {
  readonly graph: GraphReader
  readonly journal: Pick<Journal, 'write'>
  readonly claims: BindingClaims
  readonly settler: BindingSettler
}

export class StateWriter {
  readonly #context: Context
  /** Hypervisors whose full state was written at least once since the controller started. */
  readonly #written = new Set<HypervisorId>()

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Resolves when the host's state is durable. A state that the graph already has is not written again.
   * @throws PlugboardError `unavailable`; then the caller can repeat the call
   */
  async write(id: HypervisorId, state: HostState): Promise<void> {
    const { graph, journal, claims, settler } = this.#context
    const facts = datapathTwin(id, state.facts, graph) ? { ...state.facts, datapathId: null } : state.facts
    const changed = claims.update(id, state.claims, {
      isFirst: !this.#written.has(id),
      isExpected: (vnic) => graph.vnics.get(vnic)?.migratesTo === id,
    })
    const unsettled = (graph: GraphReader) => new Set([...changed, ...unsettledOn(graph, id, state.claims)])
    const known = graph.hypervisors.get(id)
    if (!known || !sameFacts(known, facts) || unsettled(graph).size > 0) {
      const { value } = await journal.write((draft) => {
        writeFacts(draft, id, facts)
        return settler.settle(draft, unsettled(draft.graph))
      })
      settler.committed(value)
    }
    this.#written.add(id)
  }

  /** Called when a hypervisor is removed: the VNICs that it claimed go to other hypervisors that claim them. */
  forget(id: HypervisorId): void {
    const { claims, settler } = this.#context
    for (const vnic of claims.forget(id)) void settler.settleNow(vnic)
    this.#written.delete(id)
  }
}

/** VNICs that the hypervisor claims or holds, and whose binding in the graph differs from what it reports. */
function* unsettledOn(graph: GraphReader, id: HypervisorId, claims: ReadonlyMap<VnicId, Binding>): Generator<VnicId> {
  for (const [vnic, claim] of claims) {
    const now = graph.bindings.get(vnic)
    if (!now || !sameBinding(now, claim)) yield vnic
  }
  for (const vnic of graph.vnicsOnHypervisor.get(id)) if (!claims.has(vnic)) yield vnic
}

function writeFacts(draft: Draft, id: HypervisorId, facts: Facts): void {
  const before = draft.graph.hypervisors.get(id)
  if (before && sameFacts(before, facts)) return
  const key = before?.key ?? draft.nextKey()
  draft.change({ kind: 'hypervisor', id, to: { id, key, ...facts } satisfies Hypervisor })
}
