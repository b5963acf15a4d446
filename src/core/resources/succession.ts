/** A host whose system-id has changed is another hypervisor from then on, with all that the former one had. Runs inside the journal. */
import type { HypervisorId } from '../../../topology/ids.ts'
import type { Draft } from '../draft.ts'
import { claimedBy, claimsOn, dropClaims, type Tenure, writeTenures } from './claims.ts'

/**
 * Gives everything that a hypervisor has to another one: its key, so that rules stay as they are, its claims, migrations to it,
 * VNICs that are pinned to it, ports that lead from it to remote sites, and its holds on segments. The former one stays without them until an operator
 * removes it.
 */
export function succeed(draft: Draft, from: HypervisorId, to: HypervisorId): void {
  const { graph } = draft
  const old = graph.hypervisors.get(from)
  if (!old) return
  // An earlier hypervisor of the new name is no more. Its port numbers were those of another switch.
  dropClaims(draft, to)
  if (graph.hypervisors.has(to)) draft.change({ kind: 'hypervisor', id: to, to: null })
  const nothing = { datapathId: null, encapIp: null, bridgeMappings: {}, fabric: {}, faults: {}, uplinks: {} }
  const gone = { ...old, ...nothing, address: null, key: draft.nextKey(), successor: to, claimsStored: true }
  draft.change({ kind: 'hypervisor', id: from, to: gone })
  draft.change({ kind: 'hypervisor', id: to, to: { ...old, id: to, successor: null } })
  writeTenures(
    draft,
    [...claimedBy(graph, from)].map((id) => renamed(draft, id, from, to)),
  )
  for (const id of [...graph.vnicsMigratingTo.get(from)]) {
    const vnic = graph.vnics.get(id)
    if (vnic) draft.change({ kind: 'vnic', id, to: { ...vnic, migratesTo: to } })
  }
  for (const id of [...graph.vnicsPinnedTo.get(from)]) {
    const vnic = graph.vnics.get(id)
    if (vnic) draft.change({ kind: 'vnic', id, to: { ...vnic, requestedHypervisor: to } })
  }
  for (const id of [...graph.portsOn.get(from)]) {
    const port = graph.ports.get(id)
    if (port?.hypervisor !== from) continue
    const attributes = port.attributes.hypervisor === from ? { ...port.attributes, hypervisor: to } : port.attributes
    draft.change({ kind: 'port', id, to: { ...port, hypervisor: to, attributes } })
  }
  for (const id of [...graph.segmentsHeldBy.get(from)]) {
    const segment = graph.segments.get(id)
    if (!segment) continue
    const holders = new Set(segment.holders.map((holder) => (holder === from ? to : holder)))
    draft.change({ kind: 'segment', id, to: { ...segment, holders: [...holders] } })
  }
}

function renamed({ graph }: Draft, id: Tenure['id'], from: HypervisorId, to: HypervisorId): Tenure {
  const claims = claimsOn(graph, id).map((claim) => (claim.hypervisor === from ? { ...claim, hypervisor: to } : claim))
  const held = graph.bindings.get(id)?.hypervisor
  const holder = claims.find(({ hypervisor }) => hypervisor === (held === from ? to : held))
  return { id, claims, holder: holder ?? null }
}
