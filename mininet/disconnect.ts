/**
 * Ends the connections of a running hypervisor to the controller. The order matters: while the controller still has the database
 * connection, it sees changes in the database and reverts them.
 */
import type { Hypervisor } from './hypervisor.ts'
import type { Scene } from './scene.ts'
import { until } from './until.ts'

/** An address without a listener. A switch with no controller at all would drop its rules. */
export const WRONG_CONTROLLER = 'tcp:172.30.0.1:1'

/** Ends the OVSDB connection. Returns when the controller has noticed. */
export async function loseDatabase(scene: Scene, host: Hypervisor): Promise<void> {
  await host.vsctl('del-manager')
  await until(`the controller to miss the database of ${host.id}`, async () => {
    return !(await scene.hypervisor(host.id)).ovsdb_connected
  })
}

/** Ends the OpenFlow connection, after the OVSDB connection has ended. The switch keeps its rules. */
export async function loseSwitch(scene: Scene, host: Hypervisor): Promise<void> {
  await host.vsctl('set-controller', 'br-int', WRONG_CONTROLLER)
  await until(`the controller to miss the switch of ${host.id}`, async () => {
    return !(await scene.hypervisor(host.id)).openflow_connected
  })
}

/** Makes the host connect again. First the OVSDB connection is made. Then the controller sets the address for the switch. */
export async function returnToController({ controller }: Scene, host: Hypervisor): Promise<void> {
  await host.setManager(controller.address)
}
