/** Ports that are their own layer-2 tunnel: VXLAN, Geneve and GRE to plain machines, beside networks of every other engine. */
import type { Send } from '../experiment.ts'
import { broadcast, frame, nobody } from '../frames.ts'
import type { Hypervisor } from '../hypervisor.ts'
import { onStage } from '../onstage.ts'
import { deliver } from '../probes.ts'
import { turnTunnel } from '../remote.ts'
import type { Station } from '../scene.ts'

const TYPES = ['vxlan', 'geneve', 'gre'] as const

await onStage('ports that are their own tunnel', { hypervisors: 2, remotes: TYPES.length }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const vids: number[] = []
  for (const engine of ['vlan', 'flat', 'vxlan', 'geneve']) {
    const network = await scene.network(engine)
    vids.push(...[network.segment.vlan_id ?? []].flat())
    for (const hypervisor of [h1, h2]) await scene.station({ hypervisor, network, floodUnknown: hypervisor === h2 })
  }
  const wires: { station: Station; machine: Hypervisor; type: (typeof TYPES)[number]; key: number }[] = []
  for (const [index, type] of TYPES.entries()) {
    const machine = lab.remotes[index]
    if (!machine) throw new RangeError('a remote machine is missing')
    const key = 70 + index
    const port = await scene.tunnelPort({ remote_ip: machine.encapIp, tunnel_type: type, tunnel_key: key })
    const station = await scene.station({ hypervisor: h1 })
    await scene.plugInto(station, port)
    await scene.remoteEnd(machine, port, h1)
    wires.push({ station, machine, type, key })
  }

  await t.test('each VNIC is on the Ethernet of its remote end, both ways, and on nobody else’s', async (t) => {
    t.same(await scene.wrongs({ vids }), [])
  })

  await t.test('what the remote end sends with a tag or from any address is the tenant’s own', async (t) => {
    const sends = wires.flatMap(({ station, machine }, index) =>
      [[], vids].map((tags, kind): Send => {
        const number = 2 * index + kind + 1
        const bytes = frame(number, { source: nobody, destination: broadcast, tags: tags.map((vid) => ({ vid })) })
        return { from: machine.id, what: `frame with tags ${tags}`, number, bytes, to: [station.vm.name] }
      }),
    )
    t.same((await deliver(lab, sends, scene.fabric)).wrong, [])
  })

  await t.test('a frame with the right key from another machine is dropped', async (t) => {
    const [wire] = wires
    const stranger = lab.remotes[1]
    if (!wire || !stranger) throw new RangeError('the scene has no wires')
    const options = `id ${wire.key} local ${stranger.encapIp} remote ${h1.encapIp} dstport 4789`.split(' ')
    await stranger.run('ip', 'link', 'add', 'stranger0', 'type', 'vxlan', ...options)
    await stranger.run('ip', 'link', 'set', 'stranger0', 'up')
    await lab.tap('stranger', stranger, 'stranger0')
    const bytes = frame(1, { source: nobody, destination: broadcast })
    const send = { from: 'stranger', what: 'broadcast with a key of another', number: 1, bytes, to: [] }
    const { wrong, arrivals } = await deliver(lab, [send])
    t.same(wrong, [])
    t.ok(
      arrivals.some(({ tap, direction }) => tap === 'underlay-h1' && direction === 'out'),
      'though it came as far as the hypervisor',
    )
    await lab.untap('stranger')
    await stranger.run('ip', 'link', 'delete', 'stranger0')
  })

  await t.test('administratively down, and unplugged: nothing passes, and its rules are gone', async (t) => {
    for (const { station } of wires) {
      const port = station.port
      if (!port) throw new TypeError('the VNIC is in no port')
      await scene.setAdmin(station, false)
      t.same(await scene.wrongs({ vids }), [])
      await scene.setAdmin(station, true)
      await scene.unplug(station)
      t.same(await scene.wrongs({ vids }), [])
      const { flows } = await scene.api.must<{ flows: unknown[] }>('GET', `/v1/hypervisors/h1/flows?port_id=${port.id}`)
      t.same(flows, [])
      await scene.plugInto(station, port)
    }
    t.same(await scene.wrongs({ vids }), [])
  })

  await t.test('a VM that moves takes its tunnel along, once the remote end has turned to its new host', async (t) => {
    for (const { station, machine, type, key } of wires) {
      await scene.move(station, h2)
      await turnTunnel(machine, { type, key, to: h2.encapIp })
    }
    await lab.warmUnderlay()
    t.same(await scene.wrongs({ vids }), [])
  })

  await t.test('B30 a controller that is killed and starts again changes no rule of these ports', async (t) => {
    const before = await Promise.all([h1.rules(), h2.rules()])
    const changes = await Promise.all([h1.watchChanges(), h2.watchChanges()])
    await scene.controller.stop('SIGKILL')
    t.same(await scene.wrongs({ vids }), [], 'while it is away')
    await scene.controller.start()
    await scene.connected()
    for (const { vnic } of scene.stations.values()) await scene.vnicIs(vnic.id, 'active')
    for (const host of [h1, h2]) await scene.seen(host)
    t.same(await Promise.all([h1.rules(), h2.rules()]), before)
    for (const since of changes) t.same(await since(), [])
    t.same(await scene.wrongs({ vids }), [])
  })

  await t.test('when all is unplugged and destroyed, no rule is left, and the keys are free', async (t) => {
    for (const station of scene.stations.values()) {
      const port = station.port
      await scene.unplug(station)
      if (port) await scene.destroyPort(port)
    }
    for (const host of [h1, h2]) t.same(await host.rules(), [])
    for (const { machine, type, key } of wires) {
      const wish = { remote_ip: machine.encapIp, tunnel_type: type, tunnel_key: key }
      await scene.destroyPort(await scene.tunnelPort(wish))
    }
  })
})
