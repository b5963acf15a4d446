/**
 * A hypervisor whose connections to the controller end while it lives on. The order matters: a controller that still has the
 * database connection sees every other change in it, and puts back what was changed.
 */
import { controllerAddress } from './controller.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { Scene } from './scene.ts'
import { until } from './until.ts'

/** An address at which nobody listens. A switch without any controller would drop its rules, so it gets this one. */
export const WRONG_CONTROLLER = 'tcp:172.30.0.1:1'

/** Ends the OVSDB connection; returns when the controller has noticed. */
export async function loseDatabase(scene: Scene, host: Hypervisor): Promise<void> {
  await host.vsctl('del-manager')
  await until(`the controller to miss the database of ${host.id}`, async () => {
    return !(await scene.hypervisor(host.id)).ovsdb_connected
  })
}

/** Ends the OpenFlow connection of a host whose database is lost already. The switch keeps its rules. */
export async function loseSwitch(scene: Scene, host: Hypervisor): Promise<void> {
  await host.vsctl('set-controller', 'br-int', WRONG_CONTROLLER)
  await until(`the controller to miss the switch of ${host.id}`, async () => {
    return !(await scene.hypervisor(host.id)).openflow_connected
  })
}

/** Asks the host to connect again. Its database does first, and then tells its switch where to connect. */
export async function returnToController(host: Hypervisor): Promise<void> {
  await host.vsctl('set-manager', `tcp:${controllerAddress}`)
}
