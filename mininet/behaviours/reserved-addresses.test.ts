/** Frames for the switch at the other end of a cable: no network forwards them. A port that is its own tunnel does. */
import { differences, type Send } from '../experiment.ts'
import { frame, multicast } from '../frames.ts'
import { onStage } from '../onstage.ts'
import { deliver } from '../probes.ts'

/** The reserved addresses of IEEE 802.1Q, those of vendors that Open vSwitch knows, and the neighbours of both that are none. */
const RESERVED = [
  ...Array.from({ length: 16 }, (_, n) => `01:80:c2:00:00:0${n.toString(16)}`),
  '01:00:0c:00:00:00',
  ...Array.from({ length: 8 }, (_, n) => `01:00:0c:cc:cc:c${n}`),
  '01:00:0c:cc:cc:cc',
  '01:00:0c:cc:cc:cd',
  '01:00:0c:cd:cd:cd',
  '00:e0:2b:00:00:00',
  '00:e0:2b:00:00:04',
  '00:e0:2b:00:00:06',
]
const OTHERS = [
  multicast,
  '01:80:c2:00:00:10',
  '01:80:c2:00:00:21',
  '01:80:c2:00:01:00',
  '01:00:0c:cc:cc:c8',
  '01:00:0c:cc:cc:ce',
]

/** One frame to each address. @param all are those to reserved addresses carried, too? */
const framesOf = (from: string, source: string, to: readonly string[], all = false): Send[] =>
  [...RESERVED, ...OTHERS].map((destination, index) => {
    const barred = !all && !OTHERS.includes(destination)
    const bytes = frame(index + 1, { source, destination })
    return { from, what: `frame to ${destination}`, number: index + 1, bytes, to: barred ? [] : to, barred }
  })

await onStage('reserved addresses', { hypervisors: 2, remotes: 1 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]

  for (const engine of ['vlan', 'flat', 'vxlan', 'geneve'] as const) {
    await t.test(`B92 ${engine}: a frame to a reserved address reaches no member, here or elsewhere`, async (t) => {
      const network = await scene.network(engine)
      const sender = await scene.station({ hypervisor: h1, network })
      const here = await scene.station({ hypervisor: h1, network, floodUnknown: true })
      const there = await scene.station({ hypervisor: h2, network, floodUnknown: true })
      // A bridge that is told to would carry them.
      for (const host of [h1, h2]) await host.vsctl('set', 'Bridge', 'br-eth1', 'other_config:forward-bpdu=true')
      const members = [here.vm.name, there.vm.name]
      const check = async (what: string) => {
        await lab.settle()
        const sends = framesOf(sender.vm.name, sender.vm.mac, members)
        t.same((await deliver(lab, sends, scene.fabric)).wrong, [], what)
      }
      await check('a guarded VM')
      const path = `/v1/projects/${sender.vnic.project}/ports/${sender.port?.id}`
      await scene.api.must('PATCH', path, { port_security: false })
      await check('without port security')

      if (engine === 'vlan' || engine === 'flat') {
        const vid = network.segment.vlan_id
        const tags = vid === undefined ? [] : [{ vid }]
        const sends = framesOf('outside-eth1', '02:00:00:00:00:99', [sender.vm.name, ...members]).map((send) => {
          const [, destination = ''] = / to (\S+)/.exec(send.what) ?? []
          return { ...send, bytes: frame(send.number, { source: '02:00:00:00:00:99', destination, tags }) }
        })
        const wrong = differences(sends, await lab.experiment(sends), [sender.vm.name, ...members])
        t.same(
          wrong.filter((line) => !line.startsWith('changed')),
          [],
          'from the physical network',
        )
      }
      for (const host of [h1, h2]) await host.vsctl('remove', 'Bridge', 'br-eth1', 'other_config', 'forward-bpdu')
      for (const each of [...scene.stations.values()]) await scene.remove(each)
    })
  }

  await t.test('B92 a port that is its own tunnel carries them, both ways', async (t) => {
    const [machine] = lab.remotes
    if (!machine) throw new RangeError('a remote machine is missing')
    const port = await scene.tunnelPort({ remote_ip: machine.encapIp, tunnel_type: 'vxlan', tunnel_key: 70 })
    const station = await scene.station({ hypervisor: h1 })
    await scene.plugInto(station, port)
    const remote = await scene.remoteEnd(machine, port, h1)
    await lab.warmUnderlay()
    const both = [station.vm.name, remote.name]
    for (const [from, to] of [
      [station.vm, remote],
      [remote, station.vm],
    ] as const) {
      // A line gives its VNIC no frames to unicast addresses of others.
      const sends = framesOf(from.name, from.mac, [to.name], true).filter(({ bytes }) => bytes.readUInt8(0) & 1)
      t.same(differences(sends, await lab.experiment(sends), both), [], `from ${from.name}`)
    }
  })

  await t.test('B92 no VNIC may have such an address', async (t) => {
    const request = { mac_address: '00:e0:2b:00:00:04' }
    const { status, body } = await scene.api.ask('POST', '/v1/projects/p/vnics', request)
    t.equal(status, 400)
    t.match(body, { code: 'bad-request', field: 'mac_address' })
  })
})
