/** Killed programs return, and what they left behind continues to work: behaviours B30, B31, B32, B34. */
import type { Test } from 'tap'
import { loseDatabase, loseSwitch, returnToController, WRONG_CONTROLLER } from '../disconnect.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { lostPings } from '../table.ts'
import { until } from '../until.ts'

await onStage('restarts', { hypervisors: 2 }, async (t, scene) => {
  const { lab, api } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const networks = [await scene.network('vlan'), await scene.network('vxlan')]
  const pairs: [Station, Station][] = []
  for (const network of networks) {
    for (const hypervisor of [h1, h2]) {
      pairs.push([await scene.station({ hypervisor: h1, network }), await scene.station({ hypervisor, network })])
    }
  }
  const address = ({ vm }: Station) => vm.addresses[0]?.replace(/\/.*/, '') ?? ''
  const rules = () => Promise.all([h1.rules(), h2.rules()])

  /**
   * Starts pings between all pairs, on one hypervisor and across hypervisors, over both engines. @returns a function that ends
   * them
   */
  async function pings(): Promise<() => Promise<{ answered: number; lost: number }[]>> {
    const start = pairs.map(([from, to]) => lab.background(from.vm.name, 'ping', '-i', '0.02', address(to)))
    const running = await Promise.all(start)
    return async () => Promise.all(running.map(async (ping) => lostPings(await ping.stop())))
  }

  async function noneLost(t: Test, results: Promise<{ answered: number; lost: number }[]>): Promise<void> {
    for (const { answered, lost } of await results) {
      t.ok(answered > 0, `${answered} pings answered`)
      t.equal(lost, 0, 'no ping was lost')
    }
  }

  await t.test('every VM reaches its peers at first', async (t) => {
    t.same(await scene.wrongs(), [])
  })

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    await t.test(
      `B30 B34 the controller ends by ${signal} and starts again: no rule touched, no packet lost`,
      async (t) => {
        const before = await rules()
        const changes = await Promise.all([h1.watchChanges(), h2.watchChanges()])
        const stop = await pings()
        await lab.controller.stop(signal)
        // No new device is added on the host. When one appears, Open vSwitch itself reads its routes again, and a tunnel
        // may lose a packet.
        await h1.addInterface('while-away', {}, ['type=patch', 'options:peer=nowhere'])
        t.same(await rules(), before, 'switches keep their rules')
        await lab.controller.start()
        await scene.connected()
        for (const [from, to] of pairs) for (const { vnic } of [from, to]) await scene.vnicIs(vnic.id, 'active')
        for (const host of [h1, h2]) await scene.seen(host)
        await noneLost(t, stop())
        t.same(await rules(), before)
        for (const since of changes) t.same(await since(), [], 'no message changes a switch')
        await h1.removeInterface('while-away')
        t.same(await scene.wrongs(), [])
      },
    )
  }

  await t.test('B30 a controller killed right after its answers forgets nothing', async (t) => {
    for (let round = 0; round < 3; round++) {
      const vnic = await scene.createVnic()
      const [network] = networks
      const port = await api.createPort('tests', network?.id ?? '')
      await api.must('PUT', `/v1/projects/tests/vnics/${vnic.id}/port`, { port_id: port.id })
      const renamed = await api.must<{ revision: number }>('PATCH', `/v1/projects/tests/ports/${port.id}`, {
        name: `round ${round}`,
      })
      await lab.controller.stop('SIGKILL')
      await lab.controller.start()
      t.match(await scene.show(vnic.id), { mac_address: vnic.mac_address, port_id: port.id, status: 'waiting' })
      t.match(await api.must('GET', `/v1/projects/tests/ports/${port.id}`), {
        name: `round ${round}`,
        revision: renamed.revision,
      })
      const deleted = await api.ask('DELETE', `/v1/projects/tests/vnics/${vnic.id}`)
      await lab.controller.stop('SIGKILL')
      await lab.controller.start()
      t.ok([202, 204].includes(deleted.status))
      t.equal((await api.ask('GET', `/v1/projects/tests/vnics/${vnic.id}`)).status, 404)
    }
    await scene.connected()
    t.same(await scene.wrongs(), [])
  })

  await t.test('B31 ovs-vswitchd restarts: rules are back, ports stay, and nothing leaks meanwhile', async (t) => {
    const before = await rules()
    const ports = () => h1.vsctl('--columns=_uuid,name,type,options,ofport', 'list', 'Interface')
    const portsBefore = await ports()
    await lab.controller.stop('SIGTERM')
    await h1.kill('ovs-vswitchd')
    await h1.start('ovs-vswitchd')
    await h1.bridgeReady()
    t.same(await h1.rules(), [])
    const stations = [...scene.stations.values()]
    const were = stations.map(({ network }) => network)
    // All VMs on h1 are cut off. Those on h2 are each alone in their networks.
    for (const station of stations) Object.assign(station, { network: undefined })
    t.same(await scene.wrongs({ fabric: null }), [], 'without rules, nothing passes on h1')

    await lab.controller.start()
    await scene.connected()
    for (const { vnic } of stations) await scene.vnicIs(vnic.id, 'active')
    for (const [index, station] of stations.entries()) Object.assign(station, { network: were[index] })
    await lab.warmUnderlay()
    t.same(await scene.wrongs(), [])
    t.same(await rules(), before, 'the same rules, without any request to the API')

    await h1.kill('ovs-vswitchd')
    await h1.start('ovs-vswitchd')
    await until('the rules to be back', async () => JSON.stringify(await h1.rules()) === JSON.stringify(before[0]))
    t.equal(await ports(), portsBefore, 'no port was created again, and each has its number')
    await lab.warmUnderlay()
    t.same(await scene.wrongs(), [])
  })

  await t.test('B32 ovsdb-server restarts: no rule touched, no packet lost', async (t) => {
    const before = await rules()
    const stop = await pings()
    await h1.kill('ovsdb-server')
    await until('h1 to be noticed gone', async () => !(await scene.hypervisor('h1')).ovsdb_connected)
    const [[station] = []] = pairs
    t.equal((await scene.show(station?.vnic.id ?? '')).status, 'active', 'its switch is connected')
    await h1.start('ovsdb-server')
    await scene.connected()
    await scene.seen(h1)
    await noneLost(t, stop())
    t.same(await rules(), before)
    t.same(await scene.wrongs(), [])
  })

  await t.test('B32 one of the two connections drops, and changes meanwhile arrive', async (t) => {
    const [network] = networks
    if (network === undefined) return
    const before = await rules()
    const changes = await Promise.all([h1.watchChanges(), h2.watchChanges()])
    await loseDatabase(scene, h1)
    t.match(await scene.hypervisor('h1'), { openflow_connected: true })
    await loseSwitch(scene, h1)
    t.same(await rules(), before)
    const late = await scene.station({ hypervisor: h1 })
    await returnToController(scene, h1)
    await scene.connected()
    await scene.seen(h1)
    for (const since of changes) t.same(await since(), [])
    await scene.plug(late, network)
    t.same(await scene.wrongs(), [])
    await h1.vsctl('set-controller', 'br-int', WRONG_CONTROLLER)
    await until('the controller to be set right', async () => {
      return (await h1.vsctl('get-controller', 'br-int')) === 'tcp:172.30.0.1:6653'
    })
    await scene.connected()
    t.same(await scene.wrongs(), [])
    await scene.remove(late)
    t.same(await rules(), before)
  })
})
