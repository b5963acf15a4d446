/**
 * The claims on a VNIC: one of each hypervisor that has an interface with its id. All of them are stored, so after a restart of the
 * controller only a claim that is really new counts as new. These functions run inside the journal.
 */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../../topology/ids.ts'
import type { Binding } from '../../../topology/model.ts'
import type { Draft } from '../draft.ts'
import { arrived } from './migration.ts'
import { mayHold } from './pins.ts'

/** The claims on a VNIC, the oldest first. */
export function claimsOn(graph: GraphReader, id: VnicId): readonly Binding[] {
  const [binding, contest] = [graph.bindings.get(id), graph.contests.get(id)]
  if (!contest) return binding ? [binding] : []
  const isKnown = !binding || contest.claims.some(({ hypervisor }) => hypervisor === binding.hypervisor)
  return isKnown ? contest.claims : [binding, ...contest.claims]
}

/** The claim of one hypervisor on a VNIC. */
export const claimOf = (graph: GraphReader, id: VnicId, hypervisor: HypervisorId): Binding | undefined =>
  claimsOn(graph, id).find((claim) => claim.hypervisor === hypervisor)

/** The claims on a pinned VNIC of hypervisors that must not have it. */
export const refusedClaims = (graph: GraphReader, id: VnicId): Binding[] =>
  claimsOn(graph, id).filter(({ hypervisor }) => !mayHold(graph.vnics.get(id), hypervisor))

/** The VNICs that a hypervisor claims or has. */
export const claimedBy = (graph: GraphReader, hypervisor: HypervisorId): Set<VnicId> =>
  new Set([...graph.vnicsOnHypervisor.get(hypervisor), ...graph.contestsOf.get(hypervisor)])

/** Who claims a VNIC, and which of the claims holds it. */
export interface Tenure {
  readonly id: VnicId
  readonly claims: readonly Binding[]
  /** One of the claims; null if there is none. */
  readonly holder: Binding | null
}

/** Writes tenures into the graph. All releases come before all bindings, so that two interfaces never have one port number. */
export function writeTenures(draft: Draft, tenures: readonly Tenure[]): void {
  const { graph } = draft
  const changed: Array<{ readonly holder: Binding; readonly was: Binding | undefined }> = []
  for (const { id, claims, holder } of tenures) {
    const was = graph.bindings.get(id)
    // The binding alone tells of a single claim that holds the VNIC.
    const contested = claims.length > 1 || !holder ? claims : []
    if (!isStored(graph, id, contested)) {
      draft.change({ kind: 'contest', id, to: contested.length > 0 ? { vnicId: id, claims: contested } : null })
    }
    if (was && holder && sameBinding(was, holder)) continue
    if (was) draft.change({ kind: 'binding', id, to: null })
    if (holder) changed.push({ holder, was })
  }
  for (const { holder, was } of changed) {
    arrived(draft, holder, was)
    draft.change({ kind: 'binding', id: holder.vnicId, to: holder })
  }
}

/** Drops all claims of a hypervisor. What it had goes to the newest claim of another one that may have it. */
export function dropClaims(draft: Draft, hypervisor: HypervisorId): void {
  const { graph } = draft
  const tenures = [...claimedBy(graph, hypervisor)].map((id): Tenure => {
    const claims = claimsOn(graph, id).filter((claim) => claim.hypervisor !== hypervisor)
    const was = graph.bindings.get(id)
    const allowed = claims.filter((claim) => mayHold(graph.vnics.get(id), claim.hypervisor))
    const holder = was && was.hypervisor !== hypervisor ? was : (newest(allowed) ?? null)
    return { id, claims, holder }
  })
  writeTenures(draft, tenures)
}

/** The newest claim whose interface has a port number, or else the newest one. */
export const newest = (claims: readonly Binding[]): Binding | undefined =>
  claims.findLast(({ ofport }) => ofport !== null) ?? claims.at(-1)

export const sameBinding = (a: Binding, b: Binding): boolean =>
  a.hypervisor === b.hypervisor && a.bridge === b.bridge && a.interface === b.interface && a.ofport === b.ofport

function isStored(graph: GraphReader, id: VnicId, wanted: readonly Binding[]): boolean {
  const stored = graph.contests.get(id)?.claims ?? []
  return (
    stored.length === wanted.length &&
    wanted.every((claim, n) => stored[n] !== undefined && sameBinding(stored[n], claim))
  )
}
