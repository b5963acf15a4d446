/**
 * What other programs have on a host does not make tunnels look dead (B95), an interface that is set down is no secret (B96), and a
 * VM that is started again beside what was left of it is a new claim (B97).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_START_MS } from '../../src/hypervisors/tunnel-verdicts.ts'
import type { Hypervisor } from '../hypervisor.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

/** An operator has a bridge with the name of the probes' one. */
const prepare = async (host: Hypervisor) => {
  if (host.id === 'h3')
    await host.vsctl('add-br', 'plug-bfd', '--', 'set', 'Bridge', 'plug-bfd', 'datapath_type=netdev')
}

await onStage('what is left over', { hypervisors: 3, prepare }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]

  /** An operator's own tunnel between two hosts, without a key. */
  async function ownTunnel(from: Hypervisor, to: Hypervisor, address: string): Promise<void> {
    await from.vsctl('add-br', 'br-own', '--', 'set', 'Bridge', 'br-own', 'datapath_type=netdev')
    const set = ['--', 'set', 'Interface', 'own0', 'type=vxlan', `options:remote_ip=${to.encapIp}`]
    await from.vsctl('add-port', 'br-own', 'own0', ...set)
    await from.run('ip', 'address', 'add', address, 'dev', 'br-own')
    await from.run('ip', 'link', 'set', 'br-own', 'up')
  }
  const passes = () =>
    until(
      'the own tunnel to pass packets',
      async () => (await h1.exec('ping', '-c', '1', '-W', '1', '10.99.0.2')).code === 0,
    )
  const codes = async (id: string) => (await scene.hypervisor(id)).conditions.map(({ code }) => code)

  await ownTunnel(h1, h2, '10.99.0.1/24')
  await ownTunnel(h2, h1, '10.99.0.2/24')
  await passes()
  const network = await scene.network('vxlan')
  const stations = [
    await scene.station({ hypervisor: h1, network }),
    await scene.station({ hypervisor: h2, network }),
    await scene.station({ hypervisor: h3, network }),
  ] as const
  const [first, second] = stations

  await t.test('B95 tunnels that cannot be watched are not dead, and those of others go on', async (t) => {
    for (const id of ['h1', 'h2']) await scene.condition(id, 'tunnel-unwatched')
    await scene.condition('h3', 'name-taken')
    // A session that does not come up is dead after this time.
    await sleep(MAX_START_MS + 1_000)
    for (const { vnic } of stations) {
      const { status, status_detail } = await scene.show(vnic.id)
      t.same([status, status_detail], ['active', undefined])
    }
    t.same(await codes('h1'), ['tunnel-unwatched'])
    t.same(await codes('h3'), ['name-taken'])
    await passes()
    t.same(await scene.wrongs(), [])
    for (const host of [h1, h2]) await host.vsctl('del-br', 'br-own')
    for (const id of ['h1', 'h2']) await scene.condition(id, 'tunnel-unwatched', false)
  })

  await t.test('B96 the interface of a VNIC is set down: a condition, and an error until it is up', async (t) => {
    const { interface: name } = first.vm
    await h1.ofctl('mod-port', 'br-int', name, 'down')
    const { status_detail: detail } = await scene.vnicIs(first.vnic.id, 'error')
    t.match(detail, new RegExp(`interface ${name} .* is administratively down`))
    await scene.condition('h1', 'interface-down')
    t.equal((await scene.show(second.vnic.id)).status, 'active')
    await h1.ofctl('mod-port', 'br-int', name, 'up')
    await scene.vnicIs(first.vnic.id, 'active')
    await scene.condition('h1', 'interface-down', false)
    t.same(await scene.wrongs(), [])
  })

  await t.test('B97 a VM starts again where an interface of it was left: it has its network there', async (t) => {
    const { vnicId, mac, addresses, interface: left } = first.vm
    const vm = await lab.addVm({ name: 'again', hypervisor: h2, vnicId, mac, addresses })
    await scene.boundTo(vnicId, { hypervisor: 'h2', interface: vm.interface })
    await scene.condition('h1', 'claimed-elsewhere')
    // Compute services remove what is left of an interface and add it again in one transaction.
    const add = ['--', 'add-port', 'br-int', left, '--', 'set', 'Interface', left, `external_ids:iface-id=${vnicId}`]
    await h1.vsctl('--if-exists', 'del-port', left, ...add)
    await scene.boundTo(vnicId, { hypervisor: 'h1', interface: left })
    await scene.vnicIs(vnicId, 'active')
    await lab.removeVm(vm)
    t.same(await scene.wrongs(), [])
  })
})
