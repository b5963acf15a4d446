/** Sets the interface of a VM up. */
import type { Lab, Vm } from './lab.ts'
import { until } from './until.ts'

/**
 * Sets `eth0` of a VM up, and waits until its hypervisor can send to it. The kernel notices the carrier of the other end a moment later, on
 * a busy machine up to a second. Until then it drops what Open vSwitch sends.
 */
export async function setUp(lab: Lab, { name, hypervisor, interface: device }: Vm): Promise<void> {
  await lab.exec(name, 'ip', 'link', 'set', 'eth0', 'up')
  await until(`${device} to have a carrier`, async () =>
    (await hypervisor.run('ip', 'link', 'show', 'dev', device)).includes('state UP'),
  )
}
