/** Interfaces whose `iface-id` is nearly right, or belongs to nothing: hosts and VNICs say so. */
import t from 'tap'
import { meantId } from '../../src/hypervisors/iface-ids.ts'
import type { VnicId } from '../../topology/ids.ts'
import { PROJECT } from '../support/controller.ts'
import { ovsdbCloud, skip } from '../support/hosts.ts'
import { until } from '../support/switches.ts'

const ID = '01234567-89ab-4cde-8f01-23456789abcd'

/** Ways to write an id that are not the right one. */
const FORMS: ReadonlyArray<(id: string) => string> = [
  (id) => id.toUpperCase(),
  (id) => `{${id}}`,
  (id) => id.replaceAll('-', ''),
  (id) => `"${id}"`,
  (id) => `${id} `,
  (id) => `\n'${id}'`,
  (id) => `urn:uuid:${id}`,
  (id) => `{${id.toUpperCase().replaceAll('-', '')}}`,
  (id) => `\u200b${id}\ufeff`,
  (id) => id.replaceAll('-', '\u2013'),
]

t.test('B57: what an id would be if it were written right', async (t) => {
  for (const form of FORMS) t.equal(meantId(form(ID)), ID, JSON.stringify(form(ID)))
  for (const text of ['', 'tap0', `${ID}0`, ID.slice(1), `${' '.repeat(1_000_000)}x`, `${ID} ${ID}`]) {
    t.equal(meantId(text), null, text.slice(0, 40))
  }
})

t.test(
  'B57: an id that is nearly right or belongs to nothing is a condition, and the VNIC says it',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const host = await cloud.host('hv1')
    const vnic = await cloud.vnic()
    const detail = () => cloud.controller.operations.vnics.show(PROJECT, vnic).status_detail ?? ''
    t.equal(detail(), 'no hypervisor has an interface with its id as iface-id')
    await host.addInterface('tap1', { ofport: 1 })
    for (const form of FORMS) {
      await host.updateInterface('tap1', { vnic: form(vnic) })
      await cloud.settled(host)
      t.equal(cloud.place(vnic), undefined)
      t.same(await cloud.conditions('hv1'), ['unknown-iface-id'])
      t.match((await cloud.messages('hv1')).join(), `write ${vnic}, which is a VNIC`)
      t.match(detail(), `interface tap1 on hypervisor hv1 carries iface-id`)
      t.match(detail(), `must be written ${vnic}`)
    }
    for (const text of ['tap0', ID.toUpperCase(), 'é'.repeat(10_000)]) {
      await host.updateInterface('tap1', { vnic: text })
      await cloud.settled(host)
      t.same(await cloud.conditions('hv1'), ['unknown-iface-id'])
      t.ok((await cloud.messages('hv1')).every((message) => message.length < 400))
      t.equal(detail(), 'no hypervisor has an interface with its id as iface-id')
    }
    await host.updateInterface('tap1', { vnic })
    await until(() => cloud.place(vnic) === 'hv1 tap1 1')
    t.notOk((await cloud.conditions('hv1')).includes('unknown-iface-id'))
  },
)

t.test('B58: a VNIC that waits says what was seen that is closest', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1')
  const vnic = await cloud.vnic()
  const shown = () => cloud.controller.operations.vnics.show(PROJECT, vnic)
  const detail = () => shown().status_detail ?? ''
  const nothing = 'no hypervisor has an interface with its id as iface-id'
  await host.addBridge('br-other')
  await host.addInterface('tap1', { vnic, ofport: 1 }, 'br-other')
  await cloud.settled(host)
  t.equal(
    detail(),
    `${nothing}; interface tap1 on hypervisor hv1 carries its id as iface-id and is on bridge br-other: it must be on br-int`,
  )
  t.same(await cloud.conditions('hv1'), [], 'other bridges are left alone')

  const typed = vnic.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  await host.addInterface('tap2', { vnic: typed, ofport: 2 })
  await host.updateInterface('tap1', { vnic: null })
  await cloud.settled(host)
  t.equal(detail(), `${nothing}; interface tap2 on hypervisor hv1 carries iface-id ${typed}, which is nearly its id`)
  await host.updateInterface('tap2', { vnic: null })
  await cloud.settled(host)
  t.equal(detail(), nothing)

  const { mac_address: mac } = shown() as unknown as { mac_address: string }
  await host.updateInterface('tap2', { ids: { 'attached-mac': mac.toUpperCase() } })
  await cloud.settled(host)
  t.match(detail(), /interface tap2 on hypervisor hv1 has its MAC address as attached-mac and no iface-id/)

  await host.updateInterface('tap2', { vnic, ofport: -1, error: 'could not open network device tap2 (No such device)' })
  await cloud.settled(host)
  t.match(detail(), /interface tap2 on hypervisor hv1 has no port number: could not open network device tap2/)
  await host.updateInterface('tap2', { vnic, ofport: 2, error: null })
  await until(() => cloud.place(vnic) === 'hv1 tap2 2')
  await cloud.leave(host)
  const other = await cloud.host('hv2')
  await other.addInterface('tap3', { vnic, ofport: 3 })
  await cloud.settled(other)
  t.match(detail(), /hypervisor hv1 is not connected; interface tap3 on hypervisor hv2 carries its id, too/)
})

t.test('B57: a host with very many unknown ids has few conditions', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1')
  for (let n = 0; n < 30; n++) await host.addInterface(`tap${n}`, { vnic: `id ${n}`, ofport: n + 1 })
  await cloud.settled(host)
  t.equal((await cloud.conditions('hv1')).length, 21)
  t.match((await cloud.messages('hv1')).join(), '10 interfaces more carry an unknown id')
})

t.test('B57: the closest interface goes with its host', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1')
  const id = await cloud.vnic()
  const detail = (of: VnicId) => cloud.controller.operations.vnics.show(PROJECT, of).status_detail ?? ''
  await host.addInterface('tap1', { vnic: id.toUpperCase(), ofport: 1 })
  await cloud.settled(host)
  t.match(detail(id), /must be written/)
  await cloud.leave(host)
  t.equal(detail(id), 'no hypervisor has an interface with its id as iface-id')
})
