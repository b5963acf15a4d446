/** Foreign changes on a switch, and a controller whose hypervisors have not all connected yet: behaviours B33, B35. */
import { returnToController } from '../disconnect.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

await onStage('foreign changes', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const networks = [await scene.network('vlan'), await scene.network('vxlan')]
  for (const network of networks) {
    for (const hypervisor of [h1, h2, h3]) await scene.station({ hypervisor, network })
  }
  const stationsOn = (id: string) => [...scene.stations.values()].filter(({ vm }) => vm.hypervisor.id === id)
  const same = (one: readonly string[], other: readonly string[]) => JSON.stringify(one) === JSON.stringify(other)

  await t.test(
    'B33 rules of ours that somebody changed, deleted or covered are restored, and foreign rules stay',
    async (t) => {
      const before = await h1.rules()
      const back = (what: string) =>
        until(`rules to be right after ${what}`, async () => same(await h1.rules(), before))
      const [rule] = before
      const match = rule?.replace(/^cookie=\w+, /, '').replace(/ actions=.*/, '') ?? ''
      await h1.ofctl('--strict', 'del-flows', 'br-int', match)
      await back('one was deleted')
      await h1.ofctl('--strict', 'mod-flows', 'br-int', `${match},actions=drop`)
      await back('one was changed')
      await h1.ofctl('add-flow', 'br-int', `cookie=0x1234,${match},actions=NORMAL`)
      await back('one was covered')
      await h1.ofctl('del-flows', 'br-int')
      await back('all were deleted')
      t.same(await scene.wrongs(), [])

      const foreign = 'cookie=0x1234, table=0, priority=7,in_port=999 actions=drop'
      await h1.ofctl('add-flow', 'br-int', foreign.replace(' actions', ',actions'))
      await h1.ofctl('--strict', 'del-flows', 'br-int', match)
      await until('the rule to be back', async () => (await h1.rules()).length === before.length + 1)
      const others = (await h1.rules()).filter((line) => !before.includes(line))
      t.equal(others.length, 1)
      t.match(others[0], /cookie=0x1234.*in_port=999/)
      await h1.ofctl('del-flows', 'br-int', 'cookie=0x1234/-1')
      t.same(await h1.rules(), before)
      t.same(await scene.wrongs(), [])
    },
  )

  for (const [how, command] of [
    ['deleted', 'del-br br-int'],
    ['deleted and made again as OVS makes it', 'del-br br-int -- add-br br-int'],
    ['deleted, and made again a moment later', '--if-exists del-br br-int -- --may-exist add-br br-int'],
  ] as const) {
    await t.test(`B33 br-int is ${how}`, async (t) => {
      const away = stationsOn('h1')
      if (how.includes('moment')) await h1.vsctl('del-br', 'br-int')
      await h1.vsctl(...command.split(' '))
      for (const { vnic } of away) await scene.vnicIs(vnic.id, 'waiting')
      await until('br-int to be ours', async () => {
        const type = await h1.vsctl('get', 'Bridge', 'br-int', 'datapath_type')
        return type === 'netdev' && (await h1.vsctl('get-fail-mode', 'br-int')) === 'secure'
      })
      await scene.connected()
      for (const { vm } of away) await h1.addInterface(vm.interface, { 'iface-id': vm.vnicId })
      for (const { vnic } of scene.stations.values()) await scene.vnicIs(vnic.id, 'active')
      await lab.warmUnderlay()
      t.same(await scene.wrongs(), [])
      for (const host of [h2, h3]) t.equal((await scene.hypervisor(host.id)).openflow_connected, true)
    })
  }

  await t.test('B35 a peer that has not come back keeps its last known bindings', async (t) => {
    const before = await Promise.all([h1.rules(), h2.rules()])
    const changes = await Promise.all([h1.watchChanges(), h2.watchChanges()])
    await lab.controller.stop('SIGKILL')
    for (const daemon of ['ovs-vswitchd', 'ovsdb-server'] as const) await h3.kill(daemon)
    await lab.controller.start()
    await scene.connected(2)
    for (const host of [h1, h2]) await scene.seen(host)
    for (const id of ['h1', 'h2']) {
      for (const { vnic } of stationsOn(id)) await scene.vnicIs(vnic.id, 'active')
    }
    t.same(await Promise.all([h1.rules(), h2.rules()]), before)
    for (const since of changes) t.same(await since(), [], 'no message changes a switch')
    for (const { vnic } of stationsOn('h3')) {
      t.match(await scene.show(vnic.id), { status: 'waiting', binding: { hypervisor: 'h3' } })
    }
    for (const daemon of ['ovsdb-server', 'ovs-vswitchd'] as const) await h3.start(daemon)
    await scene.connected()
    for (const { vnic } of stationsOn('h3')) await scene.vnicIs(vnic.id, 'active')
    await lab.warmUnderlay()
    t.same(await scene.wrongs(), [])
    for (const since of changes) t.same(await since(), [])
  })

  await t.test('B35 a switch that comes before its database keeps its rules, and is served after it', async (t) => {
    const before = await h1.rules()
    const changes = await h1.watchChanges()
    await lab.controller.stop('SIGKILL')
    await h1.vsctl('del-manager')
    await lab.controller.start()
    // Only its database says which store the host belongs to.
    await until('the switch of h1 to wait', async () =>
      /^plugboard_switches_unknown 1$/m.test(await (await fetch(`${scene.api.url}/metrics`)).text()),
    )
    t.match(await scene.hypervisor('h1'), { ovsdb_connected: false, openflow_connected: false })
    for (const { vnic } of stationsOn('h1')) await scene.vnicIs(vnic.id, 'waiting')
    t.same(await h1.rules(), before)
    await returnToController(scene, h1)
    await scene.connected()
    await scene.seen(h1)
    for (const { vnic } of stationsOn('h1')) await scene.vnicIs(vnic.id, 'active')
    t.same(await h1.rules(), before)
    t.same(await changes(), [])
    t.same(await scene.wrongs(), [])
  })

  await t.test('B35 the first snapshot of a hypervisor removes bindings whose interfaces are gone', async (t) => {
    const [gone, ...rest] = stationsOn('h2')
    if (gone === undefined) return
    await lab.controller.stop('SIGKILL')
    await lab.removeVm(gone.vm)
    scene.stations.delete(gone.vm.name)
    await lab.controller.start()
    await scene.connected()
    await scene.boundTo(gone.vnic.id, null)
    for (const { vnic } of rest) await scene.vnicIs(vnic.id, 'active')
    await scene.vnicIs(gone.vnic.id, 'waiting')
    t.same(await scene.wrongs(), [])
  })
})
