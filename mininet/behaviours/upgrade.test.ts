/** A controller stops, and a newer version starts with its store: behaviour B156. */

import { toSchema4 } from '../older-store.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { lostPings } from '../table.ts'

await onStage('upgrade', { hypervisors: 2 }, async (t, scene) => {
  const { lab, controller } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const pairs: [Station, Station][] = []
  for (const engine of ['vlan', 'vxlan']) {
    const network = await scene.network(engine)
    const from = await scene.station({ hypervisor: h1, network })
    for (const hypervisor of [h1, h2]) pairs.push([from, await scene.station({ hypervisor, network })])
  }
  const address = ({ vm }: Station) => vm.addresses[0]?.replace(/\/.*/, '') ?? ''
  const rules = () => Promise.all([h1.rules(), h2.rules()])

  await t.test('every VM reaches its peers at first', async (t) => {
    t.same(await scene.wrongs(), [])
  })

  await t.test(
    'B156 an upgrade from the store of an older version: no packet lost, and nothing forgotten',
    async (t) => {
      const before = await rules()
      const ping = ([from, to]: [Station, Station]) => lab.background(from.vm.name, 'ping', '-i', '0.01', address(to))
      const pings = await Promise.all(pairs.map(ping))
      t.equal(await controller.stop('SIGTERM'), 0)
      await toSchema4(controller.store)
      await controller.start()
      await scene.connected()
      for (const { vnic } of pairs.flat()) await scene.vnicIs(vnic.id, 'active')
      for (const host of [h1, h2]) await scene.seen(host)
      for (const running of pings) {
        const { answered, lost } = lostPings(await running.stop())
        t.ok(answered > 0, `${answered} pings answered`)
        t.equal(lost, 0, 'no ping was lost')
      }
      t.same(await rules(), before)
      t.same(await scene.wrongs(), [])
    },
  )

  await t.test('B156 what the older version did not know works after the upgrade', async (t) => {
    const [network, other] = [await scene.network('vlan'), await scene.network('vxlan')]
    const [[first] = []] = pairs
    if (!first) throw new RangeError('a VM was made')
    await scene.unplug(first)
    await scene.plug(first, network)
    const late = await scene.station({ hypervisor: h2, network })
    t.same(await scene.wrongs(), [])
    await scene.unplug(late)
    await scene.plug(late, other)
    t.same(await scene.wrongs(), [])
  })
})
