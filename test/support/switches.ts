/** A whole controller with fake switches, and what a compute service would do with them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../../src/openflow/index.ts'
import type { PortId, VnicId } from '../../topology/ids.ts'
import { controllerOn, type Options, PROJECT } from './controller.ts'
import { FakeSwitch } from './fake-switch.ts'
import { hypervisor } from './nodes.ts'

interface Teardown {
  teardown(stop: () => unknown): void
}

/** A controller that knows some hypervisors (0, 1, …), with an OpenFlow listener. */
export async function cloudOf(t: Teardown, hypervisors: number, options: Options = {}) {
  const cloud = await controllerOn(options)
  const { controller, call, join, bind } = cloud
  const listener = await listen({ port: 0, onSession: (session) => controller.acceptSwitch(session) })
  t.teardown(async () => {
    controller.close()
    await listener.close()
  })
  await join(...Array.from({ length: hypervisors }, (_, n) => hypervisor(n)))
  /** @param from the loopback address that the switch connects from */
  const connect = (n: number, refuses?: FakeSwitch['refuses'], from?: string) =>
    FakeSwitch.connect(listener.address.port, {
      datapathId: BigInt(n),
      ...(refuses ? { refuses } : {}),
      ...(from === undefined ? {} : { from }),
    })
  let ofport = 10
  /** Puts a VNIC into a port of the network, with an interface on a hypervisor. @returns its id */
  const plug = async (network: { id: string }, where: number): Promise<VnicId> => {
    const port = await call('create_port', {}, { network_id: network.id })
    const id = (await call('create_vnic', {})).id as VnicId
    ofport += 1
    await bind(id, where, ofport)
    await controller.operations.vnics.plug(PROJECT, id, port.id as PortId, null)
    return id
  }
  const realised = (id: VnicId) => controller.operations.vnics.realised(PROJECT, id, 5_000)
  return {
    ...cloud,
    openflowPort: listener.address.port,
    connect,
    plug,
    realised,
    status: (id: VnicId) => controller.operations.vnics.show(PROJECT, id).status,
  }
}

/** Waits until the condition is true. If that never happens, the time-out of the test ends the wait. */
export async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await met())) await sleep(5)
}
