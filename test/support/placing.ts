/** Writes reports of hosts directly into the journal, for tests in which it does not matter how they got there. */
import type { Controller } from '../../src/controller/controller.ts'
import { arrived } from '../../src/core/resources/migration.ts'
import type { VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/model.ts'
import { hypervisorId } from './nodes.ts'

export function placingOf({ journal }: Controller) {
  /** Makes hypervisors join, or changes what they report. Each one keeps its key. */
  const join = async (...hypervisors: readonly Hypervisor[]): Promise<void> => {
    await journal.write((draft) => {
      for (const each of hypervisors) {
        const key = draft.graph.hypervisors.get(each.id)?.key ?? draft.nextKey()
        draft.change({ kind: 'hypervisor', id: each.id, to: { ...each, key } })
      }
    })
  }
  /** Puts the interface of a VNIC on this hypervisor, and on no other one. @param ofport null: without a port number yet */
  const bind = async (vnic: string, where: number, ofport: number | null = 70): Promise<void> => {
    const vnicId = vnic as VnicId
    const to: Binding = { vnicId, hypervisor: hypervisorId(where), bridge: 'br-int', interface: `tap${ofport}`, ofport }
    await journal.write((draft) => {
      const was = draft.graph.bindings.get(vnicId)
      if (was) draft.change({ kind: 'binding', id: vnicId, to: null })
      arrived(draft, to, was)
      draft.change({ kind: 'binding', id: vnicId, to })
    })
  }
  /** Removes the interface of a VNIC. */
  const unbind = async (vnic: string): Promise<void> => {
    await journal.write((draft) => draft.change({ kind: 'binding', id: vnic as VnicId, to: null }))
  }
  return { join, bind, unbind }
}
