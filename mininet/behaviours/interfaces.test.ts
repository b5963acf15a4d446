/** Which interface belongs to a VNIC: behaviours B01, B02, B03, B06, B57, B58. */
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

await onStage('interfaces', { hypervisors: 2 }, async (t, scene) => {
  const [h1, h2] = [scene.lab.hypervisor(1), scene.lab.hypervisor(2)]
  const network = await scene.network('vlan')
  const peer = await scene.station({ hypervisor: h2, network })

  /** The rules that match a port as the input, or that output to it. */
  const rulesOf = async (ofport: number) =>
    (await h1.rules()).filter((rule) => new RegExp(`\\b(in_port=|output:)${ofport}\\b`).test(rule))

  const ofportOf = async (name: string) => Number(await h1.vsctl('get', 'Interface', name, 'ofport'))

  await t.test(
    'B57 B58 an id that is nearly right is said by its host and by the VNIC, and works once it is right',
    async (t) => {
      const station = await scene.station({ hypervisor: h1, network })
      const { id } = station.vnic
      const setId = (text: string) =>
        h1.vsctl('set', 'Interface', station.vm.interface, `external_ids:iface-id=${JSON.stringify(text)}`)
      for (const text of [id.toUpperCase(), `{${id}}`, id.replaceAll('-', ''), `${id} `]) {
        await setId(text)
        const { status_detail = '' } = await scene.vnicIs(id, 'waiting')
        await scene.condition('h1', 'unknown-iface-id')
        const { conditions } = await scene.hypervisor('h1')
        const message = conditions.find(({ code }) => code === 'unknown-iface-id')?.message ?? ''
        t.ok(message.includes(`write ${id}, which is a VNIC`), message)
        t.ok(status_detail?.includes(`must be written ${id}`), String(status_detail))
      }
      await setId(id)
      await scene.vnicIs(id, 'active')
      await scene.condition('h1', 'unknown-iface-id', false)
      t.same(await scene.wrongs(), [])
      await scene.remove(station)
    },
  )

  await t.test('B58 a VNIC that waits says what is closest, whatever is wrong', async (t) => {
    const vnic = await scene.createVnic()
    const port = await scene.api.createPort('tests', network.id)
    await scene.api.must('PUT', `/v1/projects/tests/vnics/${vnic.id}/port`, { port_id: port.id })
    await h1.vsctl('add-port', 'br-int', 'odd0', '--', 'set', 'Interface', 'odd0', 'type=internal')
    const last = vnic.id.at(-1) === '0' ? '1' : '0'
    const closest = async (text: string) => {
      await h1.vsctl('set', 'Interface', 'odd0', `external_ids:iface-id=${JSON.stringify(text)}`)
      await scene.seen(h1)
      await scene.condition('h1', 'unknown-iface-id')
      return (await scene.show(vnic.id)).status_detail ?? ''
    }
    t.match(await closest(port.id), /interface odd0 on hypervisor h1 carries the id of its port as iface-id/)
    const { conditions } = await scene.hypervisor('h1')
    t.match(conditions[0]?.message, `the id of a port: write ${vnic.id}, which is its VNIC`)
    for (const text of [
      vnic.id.slice(0, 35),
      vnic.id.slice(2),
      `${vnic.id}a`,
      `${vnic.id.slice(0, 35)}g`,
      vnic.id.slice(0, 35) + last,
    ])
      t.match(await closest(text), /interface odd0 on hypervisor h1 carries iface-id .*, which is nearly its id/, text)
    t.notMatch(await closest('x'.repeat(100_000)), /odd0/)
    await h1.vsctl('remove', 'Interface', 'odd0', 'external_ids', 'iface-id')
    await h1.vsctl('set', 'Port', 'odd0', `external_ids:iface-id=${vnic.id}`)
    await scene.seen(h1)
    t.match(
      (await scene.show(vnic.id)).status_detail,
      /interface odd0 on hypervisor h1 has iface-id in its row of Port/,
    )
    await h1.vsctl('del-port', 'odd0')
    const name = `tap${vnic.id.slice(0, 11)}`
    await h1.vsctl('add-port', 'br-int', name, '--', 'set', 'Interface', name, 'type=internal')
    await scene.seen(h1)
    t.match((await scene.show(vnic.id)).status_detail, new RegExp(`interface ${name} .* and no iface-id`))
    await h1.vsctl('del-port', name)
    await scene.api.must('DELETE', `/v1/projects/tests/vnics/${vnic.id}`)
  })

  await t.test('B01 a device that appears later, and a changed port number: the rules follow', async (t) => {
    const vnic = await scene.createVnic()
    const port = await scene.api.createPort('tests', network.id)
    await h1.exec(
      'ovs-vsctl',
      'add-port',
      'br-int',
      'late0',
      '--',
      'set',
      'Interface',
      'late0',
      `external_ids:iface-id=${vnic.id}`,
    )
    t.equal(await ofportOf('late0'), -1)
    await scene.api.must('PUT', `/v1/projects/tests/vnics/${vnic.id}/port`, { port_id: port.id })
    await scene.seen(h1)
    t.equal((await scene.show(vnic.id)).status, 'waiting')

    const addresses = ['10.0.200.1/16']
    const vm = await scene.lab.startVm({
      name: 'late',
      hypervisor: h1,
      vnicId: vnic.id,
      mac: vnic.mac_address,
      addresses,
      interface: 'late0',
    })
    const late: Station = { vm, vnic, port, network, up: true, trunk: new Map(), floodUnknown: false }
    scene.stations.set(vm.name, late)
    await scene.vnicIs(vnic.id, 'active')
    t.same(await scene.wrongs(), [])

    const first = await ofportOf('late0')
    t.equal((await rulesOf(first)).length, 3)
    await h1.vsctl('set', 'Interface', 'late0', 'ofport_request=77')
    await until('rules at port 77', async () => (await rulesOf(77)).length === 3)
    t.same(await rulesOf(first), [], 'none is left at the old number')
    t.same(await scene.wrongs(), [])

    await h1.vsctl('--no-wait', 'set', 'Interface', 'late0', 'ofport=0')
    await scene.seen(h1)
    await h1.vsctl('--no-wait', 'set', 'Interface', 'late0', 'ofport=77')
    await scene.vnicIs(vnic.id, 'active')
    t.equal((await rulesOf(77)).length, 3)
    await scene.remove(late)
  })

  await t.test('B01 ofport 0 on another interface does not release this one', async (t) => {
    const station = await scene.station({ hypervisor: h1, network })
    await h1.addInterface('other0', { 'iface-id': 'someone-else' }, ['type=internal'])
    const before = await h1.rules()
    const changes = await h1.watchChanges()
    await h1.vsctl('--no-wait', 'set', 'Interface', 'other0', 'ofport=0')
    await scene.seen(h1)
    t.same(await changes(), [])
    t.same(await h1.rules(), before)
    t.equal((await scene.show(station.vnic.id)).status, 'active')
    await h1.removeInterface('other0')
    await scene.remove(station)
  })

  await t.test(
    'B02 iface-id comes late, goes, changes to another VNIC, and names one that is made later',
    async (t) => {
      const first = await scene.station({ hypervisor: h1, network })
      const name = first.vm.interface
      const ofport = await ofportOf(name)
      const setId = (id: string) => h1.vsctl('set', 'Interface', name, `external_ids:iface-id=${id}`)

      await h1.vsctl('remove', 'Interface', name, 'external_ids', 'iface-id')
      t.equal((await scene.vnicIs(first.vnic.id, 'waiting')).binding, null)
      await until('its rules to go', async () => (await rulesOf(ofport)).length === 0)
      await setId(first.vnic.id)
      await scene.vnicIs(first.vnic.id, 'active')
      t.same(await scene.wrongs(), [])

      const second = await scene.createVnic({ mac_address: '02:00:00:00:02:02' })
      const port = await scene.api.createPort('tests', network.id)
      await scene.api.must('PUT', `/v1/projects/tests/vnics/${second.id}/port`, { port_id: port.id })
      await setId(second.id)
      await scene.vnicIs(second.id, 'active')
      t.equal((await scene.show(first.vnic.id)).status, 'waiting')
      t.match(await rulesOf(ofport), { length: 3 })
      t.ok((await h1.rules()).some((rule) => rule.includes('dl_src=02:00:00:00:02:02')))
      t.notOk((await h1.rules()).some((rule) => rule.includes(`dl_src=${first.vnic.mac_address}`)))

      const third = '6f6f6f6f-0000-4000-8000-00000000b02c'
      await setId(third)
      await scene.condition(h1.id, 'unknown-iface-id')
      t.equal((await scene.show(second.id)).status, 'waiting')
      await scene.createVnic({ id: third, mac_address: first.vnic.mac_address })
      await scene.unplug(first)
      const last = await scene.api.createPort('tests', network.id)
      await scene.api.must('PUT', `/v1/projects/tests/vnics/${third}/port`, { port_id: last.id })
      await scene.vnicIs(third, 'active')
      await scene.condition(h1.id, 'unknown-iface-id', false)
      Object.assign(first, { network })
      t.same(await scene.wrongs(), [])
      await scene.lab.removeVm(first.vm)
      scene.stations.delete(first.vm.name)
      for (const id of [first.vnic.id, second.id, third])
        await scene.api.must('DELETE', `/v1/projects/tests/vnics/${id}`)
    },
  )

  await t.test(
    'B03 two interfaces with one iface-id: one is bound, a condition says so, the other changes nothing',
    async (t) => {
      const station = await scene.station({ hypervisor: h1, network })
      const [bound, other] = [station.vm.interface, 'other0']
      await h1.addInterface(other, { 'iface-id': station.vnic.id }, ['type=internal'])
      await scene.condition(h1.id, 'duplicate-iface-id')
      const { binding } = await scene.show(station.vnic.id)
      t.equal(binding?.interface, bound)
      t.same(await rulesOf(await ofportOf(other)), [])
      const changes = await h1.watchChanges()
      await h1.removeInterface(other)
      await scene.condition(h1.id, 'duplicate-iface-id', false)
      t.same(await changes(), [])
      t.equal((await scene.show(station.vnic.id)).status, 'active')
      t.same(await scene.wrongs(), [])

      await h1.addInterface(other, { 'iface-id': station.vnic.id }, ['type=internal'])
      await scene.condition(h1.id, 'duplicate-iface-id')
      await h1.removeInterface(bound)
      await scene.boundTo(station.vnic.id, { hypervisor: 'h1', interface: other })
      await scene.vnicIs(station.vnic.id, 'active')
      await scene.remove(station)
      await h1.removeInterface(other)
    },
  )

  await t.test('B06 an interface on another bridge, or without our id, is left alone', async (t) => {
    const vnic = await scene.createVnic()
    const port = await scene.api.createPort('tests', network.id)
    await scene.api.must('PUT', `/v1/projects/tests/vnics/${vnic.id}/port`, { port_id: port.id })
    const add = ['--', 'set', 'Interface', 'theirs0', 'type=internal', `external_ids:iface-id=${vnic.id}`]
    await h1.vsctl('add-br', 'br-theirs', '--', 'set', 'bridge', 'br-theirs', 'datapath_type=netdev')
    await h1.vsctl('add-port', 'br-theirs', 'theirs0', ...add)
    const changes = await h1.watchChanges()
    await h1.addInterface('plain0', {}, ['type=internal'])
    await h1.addInterface('foreign0', { 'attached-mac': '02:00:00:00:00:77' }, ['type=internal'])
    const before = await h1.vsctl(
      '--columns=_uuid,name,ofport,type,options,external_ids',
      'list',
      'Interface',
      'theirs0',
      'plain0',
      'foreign0',
    )
    await scene.seen(h1)
    t.equal((await scene.show(vnic.id)).status, 'waiting')
    t.same(await changes(), [])
    t.equal(await h1.vsctl('get-controller', 'br-theirs'), '')
    t.equal(await h1.vsctl('get-controller', 'br-eth1'), '')
    const after = await h1.vsctl(
      '--columns=_uuid,name,ofport,type,options,external_ids',
      'list',
      'Interface',
      'theirs0',
      'plain0',
      'foreign0',
    )
    t.equal(after, before)
    t.same(await rulesOf(await ofportOf('plain0')), [])
    await h1.vsctl('del-br', 'br-theirs', '--', 'del-port', 'plain0', '--', 'del-port', 'foreign0')
    await scene.api.must('DELETE', `/v1/projects/tests/vnics/${vnic.id}`)
  })

  t.equal((await scene.show(peer.vnic.id)).status, 'active')
})
