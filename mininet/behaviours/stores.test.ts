/** Controllers with another store than the hosts belong to, and with a restored one: behaviours B110, B112, B115. */

import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { readDump, writeDump } from '../../src/store/commands.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { lostPings } from '../table.ts'
import { until } from '../until.ts'

interface Host {
  readonly id: string
  readonly conditions: ReadonlyArray<{ readonly code: string }>
}

await onStage('stores', { hypervisors: 2 }, async (t, scene) => {
  const { lab, api } = scene
  const { controller } = lab
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const network = await scene.network('vxlan')
  const pair = [
    await scene.station({ hypervisor: h1, network }),
    await scene.station({ hypervisor: h2, network }),
  ] as const
  const rules = () => Promise.all([h1.rules(), h2.rules()])

  /** Pings until the returned function is called, which gives the number of lost ones. */
  async function pings(from: Station, to: Station): Promise<() => Promise<number>> {
    const address = to.vm.addresses[0]?.replace(/\/.*/, '') ?? ''
    const ping = await lab.background(from.vm.name, 'ping', '-i', '0.02', address)
    return async () => lostPings(await ping.stop()).lost
  }

  const haveCondition = (code: string) =>
    until(`condition ${code} of both hosts`, async () => {
      const { hypervisors } = await api.must<{ hypervisors: readonly Host[] }>('GET', '/v1/hypervisors')
      return hypervisors.filter(({ conditions }) => conditions.some((each) => each.code === code)).length === 2
    })

  await t.test('B110 a controller with an empty store changes nothing, and no packet is lost', async (t) => {
    const before = await rules()
    const bridge = await h1.vsctl('list', 'Bridge', 'br-int')
    const changes = await Promise.all([h1.watchChanges(), h2.watchChanges()])
    const stop = await pings(...pair)
    await controller.stop()
    await controller.start('--store-path', `${controller.store}-empty`)
    await haveCondition('foreign-store')
    // Another network must not reach the hosts, either.
    await api.createNetwork('other', { engine: 'vxlan' })
    t.same(await rules(), before)
    for (const since of changes) t.same(await since(), [], 'no message changes a switch')
    t.equal(await h1.vsctl('list', 'Bridge', 'br-int'), bridge)
    await controller.stop()
    await controller.start()
    await scene.connected()
    for (const { vnic } of pair) await scene.vnicIs(vnic.id, 'active')
    t.same(await rules(), before)
    t.equal(await stop(), 0, 'no ping was lost')
  })

  await t.test('B115 after a restore, live VNICs that the dump does not know keep their network', async (t) => {
    const file = `${controller.store}.jsonl`
    const dump = createWriteStream(file)
    await writeDump(controller.store, dump)
    await finished(dump.end())
    const newer = [
      await scene.station({ hypervisor: h1, network }),
      await scene.station({ hypervisor: h2, network }),
    ] as const
    t.same(await scene.wrongs(), [])
    const before = await rules()
    const stops = [await pings(...pair), await pings(...newer), await pings(newer[0], pair[1])]
    await controller.stop()
    const restored = `${controller.store}-restored`
    await readDump(restored, file, process.stdin, new Writable())
    await controller.start('--store-path', restored)
    await haveCondition('held-rules')
    const { held } = await api.must<{ held: ReadonlyArray<{ vnic_id: string | null }> }>(
      'GET',
      '/v1/hypervisors/h1/held',
    )
    t.ok(newer.every(({ vnic }) => held.some(({ vnic_id }) => vnic_id === vnic.id)))
    t.same(await rules(), before)
    for (const stop of stops) t.equal(await stop(), 0, 'no ping was lost')
    const stop = await pings(...pair)
    for (const host of [h1, h2]) await api.must('DELETE', `/v1/hypervisors/${host.id}/held`)
    const [first] = await rules()
    t.ok(first.length < (before[0]?.length ?? 0), 'the rules are gone')
    for (const { vnic } of pair) await scene.vnicIs(vnic.id, 'active')
    t.equal(await stop(), 0, 'those that the dump knows lose nothing')
  })

  await t.test('B112 a start that adopts all hosts gives them to its store', async () => {
    await controller.stop()
    await controller.start('--store-path', `${controller.store}-adopting`, '--store-adopt')
    await until('both switches to be empty', async () => (await rules()).every((each) => each.length === 0))
  })
})
