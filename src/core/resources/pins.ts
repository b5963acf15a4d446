/** Pinned VNICs: what a hypervisor shows gives it such a VNIC only if it was asked for there. Other hosts are not believed. */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId } from '../../../topology/ids.ts'
import type { Vnic } from '../../../topology/model.ts'
import { PlugboardError } from '../errors.ts'

/**
 * May this hypervisor have the VNIC? A pinned one belongs to its own hypervisor and to the target of its migration.
 * @param vnic undefined: no VNIC with this id exists yet
 */
export const mayHold = (
  vnic: Pick<Vnic, 'requestedHypervisor' | 'migratesTo'> | undefined,
  hypervisor: HypervisorId,
): boolean => !vnic?.requestedHypervisor || vnic.requestedHypervisor === hypervisor || vnic.migratesTo === hypervisor

/** The pin of a VNIC that has arrived at the target of its migration: a pinned one is pinned there now. */
export const pinAt = (
  { requestedHypervisor }: Pick<Vnic, 'requestedHypervisor'>,
  target: HypervisorId,
): Pick<Vnic, 'requestedHypervisor'> => ({ requestedHypervisor: requestedHypervisor && target })

/** @throws PlugboardError `not-found` if a VNIC cannot be pinned to this hypervisor */
export function checkPin(graph: GraphReader, { requestedHypervisor: id }: Pick<Vnic, 'requestedHypervisor'>): void {
  if (id === null || graph.hypervisors.has(id)) return
  const detail = `there is no hypervisor ${id}: name one that has joined, or null for any`
  throw new PlugboardError('not-found', detail, { field: 'requested_hypervisor' })
}
