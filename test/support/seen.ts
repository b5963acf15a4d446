/** Simulates what hypervisors report to a controller: that they exist, where interfaces are, and their switches. */
import type { Controller } from '../../src/controller/controller.ts'
import { arrived } from '../../src/core/resources/migration.ts'
import { listen } from '../../src/openflow/index.ts'
import type { VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/model.ts'
import { FakeSwitch } from './fake-switch.ts'
import { hypervisor, hypervisorId } from './nodes.ts'

interface Teardown {
  teardown(stop: () => unknown): void
}

/** Hypervisor `n` joins, or reports something new about itself. */
export async function seeHypervisor(
  { journal }: Controller,
  n: number,
  extra: Partial<Hypervisor> = {},
): Promise<void> {
  await journal.write((draft) => {
    const id = hypervisorId(n)
    const key = draft.graph.hypervisors.get(id)?.key ?? draft.nextKey()
    draft.change({ kind: 'hypervisor', id, to: { ...hypervisor(n, extra), key } })
  })
}

/** Reports the interface of a VNIC on hypervisor `n`. */
export async function seeInterface({ journal }: Controller, vnic: string, n: number, ofport: number | null = 5) {
  await journal.write((draft) => {
    const vnicId = vnic as VnicId
    const was = draft.graph.bindings.get(vnicId)
    const to: Binding = { vnicId, hypervisor: hypervisorId(n), bridge: 'br-int', interface: 'tap0', ofport }
    draft.change({ kind: 'binding', id: vnicId, to: null })
    arrived(draft, to, was)
    draft.change({ kind: 'binding', id: vnicId, to })
  })
}

/** Listens for switches until the test ends. @returns a function that connects the switch of hypervisor `n` */
export async function switchesOf(t: Teardown, controller: Controller): Promise<(n: number) => Promise<FakeSwitch>> {
  const listener = await listen({ port: 0, onSession: (session) => controller.acceptSwitch(session) })
  t.teardown(async () => {
    controller.close()
    await listener.close()
  })
  return (n) => FakeSwitch.connect(listener.address.port, { datapathId: BigInt(n) })
}
