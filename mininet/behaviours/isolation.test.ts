/** What a VNIC may send, and what it may receive: behaviours B20, B21, B22, B25, B28. */
import { readFrame } from '../frames.ts'
import { onStage } from '../onstage.ts'
import { frameProbes } from '../probes.ts'
import type { Station } from '../scene.ts'

await onStage('isolation', { hypervisors: 2 }, async (t, scene) => {
  const [h1, h2] = [scene.lab.hypervisor(1), scene.lab.hypervisor(2)]
  const stations: Station[] = []

  await t.test('B20 no traffic before rules, and no way around them for in-band control', async (t) => {
    for (const hypervisor of [h1, h1, h2]) stations.push(await scene.station({ hypervisor }))
    t.same(await scene.wrongs(), [])
    for (const host of [h1, h2]) {
      t.equal(await host.vsctl('get-fail-mode', 'br-int'), 'secure')
      t.equal(await host.vsctl('get', 'Bridge', 'br-int', 'other_config:disable-in-band'), '"true"')
      t.match(await host.vsctl('--columns=connection_mode,max_backoff', 'list', 'Controller'), /out-of-band\s.*1000/)
      const hidden = await host.appctl('bridge/dump-flows', 'br-int')
      t.notMatch(hidden, /NORMAL|LOCAL/i, 'no hidden rule lets anything pass')
    }
  })

  const networks = [await scene.network('vlan'), await scene.network('vxlan'), await scene.network('vlan')]
  const vids = networks.flatMap(({ segment }) => segment.vlan_id ?? [])

  await t.test(
    'B22 forged sources are dropped, B25 tags do not lead to other networks, B28 IPv6 discovery passes',
    async (t) => {
      for (const network of networks) {
        for (const hypervisor of [h1, h2]) {
          const addresses = [`10.0.9.${stations.length}/16`, `fd00::${stations.length}/64`]
          stations.push(await scene.station({ hypervisor, network, addresses }))
        }
      }
      t.same(await scene.wrongs({ vids }), [])
    },
  )

  await t.test('B22 nothing forged, and B25 nothing tagged by a guest, reaches the physical network', async (t) => {
    const bad = /forged|multicast address|broadcast address|tagged/
    const sends = frameProbes(scene.lab.vms, (vm) => scene.networkOf(vm), { vids }).filter(({ what }) => bad.test(what))
    t.ok(sends.length > 50)
    t.same(await scene.lab.experiment(sends), [], 'not even to a cable')
  })

  await t.test('B25 frames from the physical network: only whole tags of known networks come in', async (t) => {
    const [tagged, , other] = networks
    const [vid = 0, foreign = 0] = [tagged?.segment.vlan_id, other?.segment.vlan_id]
    const probe = frameProbes(scene.lab.vms, () => undefined, { vids: [vid] })
    const [plain] = probe.filter(({ what }) => what === 'multicast')
    if (plain === undefined) return
    const shapes = [[], [0], [0, vid], [vid], [vid, foreign], [4000], [4000, vid]]
    const sends = shapes.map((tags, index) => ({
      ...plain,
      from: 'outside-eth1',
      number: index + 1,
      bytes: tagsBefore(plain.bytes, index + 1, tags),
      to: [],
    }))
    const arrivals = await scene.lab.experiment(sends)
    const members = stations.filter(({ network }) => network === tagged).map(({ vm }) => vm.name)
    const vms = new Set(scene.lab.vms.map(({ name }) => name))
    const seen = arrivals
      .filter(({ tap }) => vms.has(tap))
      .map(({ tap, hex }) => {
        const { number, vids } = readFrame(hex)
        return `${tap} got ${shapes[number - 1]} as ${vids}`
      })
    const wanted = members.flatMap((name) => [`${name} got ${vid} as `, `${name} got ${vid},${foreign} as ${foreign}`])
    t.same(seen.sort(), wanted.sort(), 'the tag of the network is removed, and an inner tag stays')
  })

  await t.test(
    'B21 a port that is administratively down neither sends nor receives, nor is it in a flood',
    async (t) => {
      for (const station of stations
        .filter(({ network }) => network !== undefined)
        .filter((_, index) => index % 2 === 0)) {
        await scene.setAdmin(station, false)
        t.match(await scene.show(station.vnic.id), { status: 'active' }, 'the desired rule, a drop, is installed')
        t.same(await scene.wrongs({ vids }), [])
        const ofport = await station.vm.hypervisor.vsctl('get', 'Interface', station.vm.interface, 'ofport')
        const rules = await station.vm.hypervisor.rules()
        t.notOk(rules.some((rule) => new RegExp(`output:${ofport}\\b`).test(rule)))
        await scene.setAdmin(station, true)
      }
      t.same(await scene.wrongs({ vids }), [])
    },
  )

  await t.test('B28 ping over IPv6 finds its neighbour, on both engines', async (t) => {
    for (const network of networks) {
      const [from, to] = stations.filter((station) => station.network === network)
      const address = to?.vm.addresses[1]?.replace('/64', '') ?? ''
      const ping = await scene.lab.exec(from?.vm.name ?? '', 'ping', '-6', '-c', '3', '-i', '0.2', '-W', '5', address)
      t.equal(ping.code, 0, ping.stdout)
    }
  })

  await t.test('B20 after a restart of OVS without a controller, nothing passes', async (t) => {
    await scene.lab.controller.stop('SIGKILL')
    for (const host of [h1, h2]) {
      await host.kill('ovs-vswitchd')
      await host.start('ovs-vswitchd')
      await host.bridgeReady()
      t.same(await host.rules(), [])
    }
    const up = stations.splice(0)
    for (const station of up) Object.assign(station, { network: undefined })
    t.same(await scene.wrongs({ vids }), [])
  })
})

/** The same frame with another number and with these VLAN tags inserted. */
function tagsBefore(bytes: Buffer, number: number, vids: readonly number[]): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt32BE(number, copy.indexOf('PLUGTEST') + 8)
  const tags = vids.map((vid) => Buffer.from([0x81, 0, vid >> 8, vid & 0xff]))
  return Buffer.concat([copy.subarray(0, 12), ...tags, copy.subarray(12)])
}
