/** Hosts that change their name, and hosts that have the name of another: behaviours B53, B55. */
import { loseDatabase, loseSwitch } from '../disconnect.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { lostPings } from '../table.ts'
import { until } from '../until.ts'

await onStage('identity', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const networks = [await scene.network('vlan'), await scene.network('vxlan')]
  const pairs: Array<readonly [Station, Station]> = []
  for (const network of networks) {
    pairs.push([
      await scene.station({ hypervisor: h1, network }),
      await scene.station({ hypervisor: h2, network }),
    ] as const)
  }
  const here = pairs.map(([station]) => station)

  /** Pings from h2 to h1 in each network, until the returned function is called. It gives the numbers of lost pings. */
  async function pings(): Promise<() => Promise<number[]>> {
    const running = await Promise.all(
      pairs.map(([to, from]) => {
        const address = to.vm.addresses[0]?.replace(/\/.*/, '') ?? ''
        return lab.background(from.vm.name, 'ping', '-i', '0.02', address)
      }),
    )
    return async () => Promise.all(running.map(async (ping) => lostPings(await ping.stop()).lost))
  }

  await t.test('B55 a copied host is refused, and the first one loses no packet', async (t) => {
    await loseDatabase(scene, h3)
    await loseSwitch(scene, h3)
    const stop = await pings()
    const address = await h1.run(
      'sh',
      '-c',
      'ip -4 -o address show dev mgmt0 | awk \'{ sub(/\\/.*/, "", $4); print $4 }\'',
    )
    const datapathId = await h1.vsctl('get', 'Bridge', 'br-int', 'other_config:datapath-id')
    await h3.vsctl('set', 'Bridge', 'br-int', `other_config:datapath-id=${datapathId}`)
    await h3.join(lab.controller.address, { 'system-id': 'h1' })
    await scene.condition('h1', 'duplicate-system-id')
    const refused = async () =>
      Number(/plugboard_hosts_refused_total (\d+)/.exec(await (await fetch(`${scene.api.url}/metrics`)).text())?.[1])
    const before = await refused()
    await until('three more attempts', async () => (await refused()) >= before + 3)
    const { conditions, ovsdb_connected } = await scene.hypervisor('h1')
    const message = conditions.find(({ code }) => code === 'duplicate-system-id')?.message ?? ''
    t.ok(message.includes(`of the host at ${address},`) && /the host at 172\.30\./.test(message), message)
    t.equal(ovsdb_connected, true)
    for (const { vnic } of here) t.equal((await scene.show(vnic.id)).status, 'active')
    t.same(await stop(), [0, 0])
    await h3.vsctl('del-manager')
    await h3.vsctl('remove', 'Bridge', 'br-int', 'other_config', 'datapath-id')
    await h3.join(lab.controller.address)
    await scene.connected()
  })

  await t.test(
    'B53 a host gets another system-id: active under it in a second, no rule touched, no packet lost',
    async (t) => {
      const before = await h1.rules()
      const changes = await Promise.all([h1, h2].map((host) => host.watchChanges()))
      const stop = await pings()
      const started = performance.now()
      await h1.setExternalIds({ 'system-id': 'renamed', hostname: 'renamed' })
      for (const { vnic, vm } of here) {
        await scene.boundTo(vnic.id, { hypervisor: 'renamed', interface: vm.interface })
        await scene.vnicIs(vnic.id, 'active')
      }
      t.comment(`active ${Math.round(performance.now() - started)} ms after the change`)
      await until('both connections', async () => {
        const { openflow_connected, ovsdb_connected } = await scene.hypervisor('renamed')
        return openflow_connected && ovsdb_connected
      })
      t.same(await stop(), [0, 0])
      t.same(await h1.rules(), before)
      for (const since of changes) {
        // The new place is announced, which changes nothing.
        const lines = (await since()).filter((line) => !line.includes('OFPT_PACKET_OUT'))
        t.same(lines, [])
      }
      t.match(await scene.hypervisor('h1'), { openflow_connected: false, ovsdb_connected: false })
      await scene.condition('h1', 'renamed')
      await scene.api.must('DELETE', '/v1/hypervisors/h1')
      for (const { vnic } of here) t.equal((await scene.show(vnic.id)).status, 'active')
      t.same(await h1.rules(), before)
      t.same(await scene.wrongs(), [])
    },
  )
})
