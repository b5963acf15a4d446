/** What `active` means, and which requests and reports send nothing to switches: behaviours B07, B08, B36. */
import { listen } from '../api.ts'
import type { Vnic } from '../compute.ts'
import { loseDatabase, returnToController } from '../disconnect.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

await onStage('confirmation', { hypervisors: 2 }, async (t, scene) => {
  const [h1, h2] = [scene.lab.hypervisor(1), scene.lab.hypervisor(2)]
  const network = await scene.network('vxlan')
  const remote = await scene.station({ hypervisor: h2, network })

  await t.test('B07 active only when every switch concerned has confirmed', async (t) => {
    const station = await scene.station({ hypervisor: h1 })
    const port = await scene.api.createPort('tests', network.id)
    const path = `/v1/projects/tests/vnics/${station.vnic.id}/port`
    await h2.signal('ovs-vswitchd', 'STOP')
    const held = await scene.api.ask<Vnic>('PUT', path, { port_id: port.id }, { prefer: 'wait=1' })
    t.match(held, { status: 202, body: { status: 'building' } }, 'its own switch alone is not enough')
    await h2.signal('ovs-vswitchd', 'CONT')
    const done = await scene.api.ask<Vnic>('PUT', path, { port_id: port.id }, { prefer: 'wait=30' })
    t.match(done, { status: 200, body: { status: 'active' } })
    Object.assign(station, { network, port })
    t.same(await scene.wrongs(), [])
    await scene.remove(station)
  })

  await t.test('B07 waiting when the interface goes, and not affected by changes of other objects', async (t) => {
    const { seen, stop } = await listen(scene.api.url, 'tests')
    t.teardown(stop)
    const of = (id: string) => seen.filter(({ type, data }) => type === 'vnic.status' && data.id === id)
    const station = await scene.station({ hypervisor: h1, network })
    await until('its event', async () => of(station.vnic.id).at(-1)?.data.status === 'active')
    const before = of(station.vnic.id).length
    const other = await scene.station({ hypervisor: h1, network })
    await scene.setAdmin(other, false)
    await scene.setAdmin(other, true)
    await scene.unplug(other)
    await scene.plug(other, network)
    await scene.remove(other)
    await until('the events of the other', async () => of(other.vnic.id).length >= 4)
    t.equal(of(station.vnic.id).length, before)

    await h1.removeInterface(station.vm.interface)
    t.equal((await scene.vnicIs(station.vnic.id, 'waiting')).binding, null)
    await h1.addInterface(station.vm.interface, { 'iface-id': station.vnic.id })
    await scene.vnicIs(station.vnic.id, 'active')
    t.same(await scene.wrongs(), [])
    await until('its last event', async () => of(station.vnic.id).at(-1)?.data.status === 'active')
    const statuses = of(station.vnic.id)
      .slice(before)
      .map(({ data }) => data.status)
    t.equal(statuses[0], 'waiting')
    await scene.remove(station)
  })

  await t.test('B08 the same request and the same rows twice: no OpenFlow message', async (t) => {
    const station = await scene.station({ hypervisor: h1, network })
    const idle = await scene.station({ hypervisor: h1 })
    const changes = await Promise.all([h1.watchChanges(), h2.watchChanges()])
    const [plug, admin] = [
      `/v1/projects/tests/vnics/${station.vnic.id}/port`,
      `/v1/projects/tests/ports/${station.port?.id}`,
    ]
    for (let count = 0; count < 3; count++) {
      t.equal((await scene.api.ask('PUT', plug, { port_id: station.port?.id })).status, 200)
      t.equal((await scene.api.ask('PATCH', admin, { admin_state_up: true })).status, 200)
      t.equal((await scene.api.ask('PATCH', admin, { name: `name ${count}` })).status, 200)
      t.equal((await scene.api.ask('DELETE', `/v1/projects/tests/vnics/${idle.vnic.id}/port`)).status, 204)
    }
    const { interface: name } = station.vm
    await h1.vsctl(
      'set',
      'Interface',
      name,
      `external_ids:iface-id=${station.vnic.id}`,
      'external_ids:vm-name=somebody',
    )
    await h1.vsctl('set', 'Interface', name, 'other_config:nothing=new')
    await scene.seen(h1)
    // Sends all of its rows again, as after every connection.
    await loseDatabase(scene, h1)
    await returnToController(scene, h1)
    await scene.connected()
    await scene.seen(h1)
    for (const since of changes) t.same(await since(), [])
    await scene.remove(idle)
    await scene.remove(station)
    for (const since of changes) t.not((await since()).length, 0, 'a change would have been seen')
  })

  await t.test(
    "B36 a refused rule: an error with the switch's reason, other objects work, and it is retried",
    async (t) => {
      const there = await scene.station({ hypervisor: h1, network: await scene.network('vlan') })
      const before = await h1.rules()
      const tables = before.map((rule) => rule.match(/table=(\d+)/)?.[1] ?? '0')
      for (const table of new Set(tables)) {
        const count = tables.filter((each) => each === table).length
        const make = ['--id=@limit', 'create', 'Flow_Table', `flow_limit=${count}`, 'overflow_policy=refuse']
        await h1.vsctl('--', ...make, '--', 'set', 'Bridge', 'br-int', `flow_tables:${table}=@limit`)
      }
      const refused = await scene.station({ hypervisor: h1 })
      const port = await scene.api.createPort('tests', network.id)
      const path = `/v1/projects/tests/vnics/${refused.vnic.id}/port`
      const answer = await scene.api.ask<Vnic>('PUT', path, { port_id: port.id }, { prefer: 'wait=30' })
      t.equal(answer.body.status, 'error')
      t.match(answer.body.status_detail, /table_full/i, answer.body.status_detail ?? 'no detail')
      t.match(await scene.hypervisor('h1'), { last_error: /table_full/i })

      const elsewhere = await scene.station({ hypervisor: h2, network: await scene.network('vlan') })
      t.equal((await scene.show(elsewhere.vnic.id)).status, 'active', 'another hypervisor is not delayed')
      for (const { vnic } of [remote, there]) t.equal((await scene.show(vnic.id)).status, 'active')
      const after = await h1.rules()
      // The rule by which the switch forgets cached decisions changes with each member.
      const lost = before.filter((rule) => !after.includes(rule) && !rule.includes('priority=65535,pkt_mark'))
      t.same(lost, [], 'existing VNICs stay active')
      await scene.setAdmin(there, false)
      t.same(await scene.wrongs({ fabric: null }), [], 'a change on the same switch is not delayed')
      await h1.vsctl('clear', 'Bridge', 'br-int', 'flow_tables')
      await scene.setAdmin(there, true)
      await scene.vnicIs(refused.vnic.id, 'active')
      Object.assign(refused, { network, port })
      t.same(await scene.wrongs(), [])
    },
  )
})
