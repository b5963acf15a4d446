/** Keys of networks, and moves of VNICs between networks: behaviours B10, B11, B13. */
import { loseDatabase, loseSwitch, returnToController } from '../disconnect.ts'
import { differences } from '../experiment.ts'
import { broadcast, frame } from '../frames.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

const config = `
physical_networks:
  physnet1: { vlans: 150-152 }
  physnet2: { vlans: 150-151 }
`
const stage = { hypervisors: 2, physicalNetworks: ['physnet1', 'physnet2'], config }

await onStage('networks', stage, async (t, scene) => {
  const [h1, h2] = [scene.lab.hypervisor(1), scene.lab.hypervisor(2)]
  const segment = (physical: number, vlan: number) => ({ physical_network: `physnet${physical}`, vlan_id: vlan })
  const ask = (wish: Record<string, unknown>) =>
    scene.api.ask<{ code?: string }>('POST', '/v1/projects/tests/networks', wish)
  const destroy = async (id: string) => scene.api.must('DELETE', `/v1/projects/tests/networks/${id}`)

  await t.test('B10 one VLAN id on two physical networks does not leak, and is unique on one', async (t) => {
    const networks = [
      await scene.network('vlan', { segment: segment(1, 150) }),
      await scene.network('vlan', { segment: segment(2, 150) }),
    ]
    t.match(await ask({ segment: segment(1, 150) }), { status: 409, body: { code: 'segment-in-use' } })
    t.match(await ask({ engine: 'vxlan', segment: { vni: 5000 } }), { status: 201 })
    t.match(await ask({ engine: 'vxlan', segment: { vni: 5000 } }), { status: 409, body: { code: 'segment-in-use' } })
    const stations = []
    for (const network of networks) {
      for (const hypervisor of [h1, h2]) stations.push(await scene.station({ hypervisor, network }))
    }
    t.same(await scene.wrongs({ vids: [150, 151] }), [])

    const names = stations.map(({ vm }) => vm.name)
    const sends = [1, 2].map((physical) => ({
      from: `outside-eth${physical}`,
      what: 'broadcast tagged 150',
      number: physical,
      bytes: frame(physical, { source: '02:00:00:00:00:99', destination: broadcast, tags: [{ vid: 150 }] }),
      to: physical === 1 ? names.slice(0, 2) : names.slice(2),
    }))
    const astray = differences(sends, await scene.lab.experiment(sends), names)
    t.same(
      astray.filter((line) => !line.startsWith('changed')),
      [],
      'each physical network reaches its own, without the tag',
    )
    for (const station of stations) await scene.remove(station)
    for (const { id } of networks) await drop(id)
  })

  /** Destroys a network with all of its ports. */
  async function drop(id: string): Promise<void> {
    const { ports } = await scene.api.must<{ ports: { id: string }[] }>(
      'GET',
      `/v1/projects/tests/networks/${id}/ports`,
    )
    for (const port of ports) await scene.api.must('DELETE', `/v1/projects/tests/ports/${port.id}`)
    await destroy(id)
  }

  for (const way of ['comes back', 'is removed by an operator']) {
    await t.test(`B11 a freed segment stays taken until a hypervisor that was away ${way}`, async (t) => {
      const network = await scene.network('vlan')
      const freed = network.segment
      const others = []
      for (let count = 0; count < 4; count++) others.push(await scene.network('vlan', {}))
      t.match(await ask({}), { status: 409, body: { code: 'segments-exhausted' } })
      const station = await scene.station({ hypervisor: h1, network })
      await loseDatabase(scene, h1)
      await loseSwitch(scene, h1)
      await scene.api.ask('DELETE', `/v1/projects/tests/vnics/${station.vnic.id}`)
      await drop(network.id)
      t.not((await h1.rules()).length, 0, 'the switch that is away still has its rules')
      t.match(await ask({}), { status: 409, body: { code: 'segments-exhausted' } })
      t.match(await ask({ segment: freed }), { status: 409, body: { code: 'segment-in-use' } })

      if (way === 'comes back') await returnToController(scene, h1)
      else await scene.api.must('DELETE', '/v1/hypervisors/h1')
      const next = await until('the segment to be free', async () => {
        const { status, body } = await scene.api.ask<{ id: string; segment: unknown }>(
          'POST',
          '/v1/projects/tests/networks',
          {},
        )
        return status === 201 && body
      })
      t.same(next.segment, freed)
      if (way !== 'comes back') await returnToController(scene, h1)
      await scene.connected()
      await until('h1 to have no rule', async () => (await h1.rules()).length === 0)

      await scene.lab.removeVm(station.vm)
      scene.stations.delete(station.vm.name)
      await destroy(next.id)
      for (const { id } of others) await destroy(id)
    })
  }

  await t.test('B11 a freed segment is used again last', async (t) => {
    const first = await scene.network('vxlan')
    const made = new Set([first.segment.vni])
    await destroy(first.id)
    for (let count = 0; count < 10; count++) made.add((await scene.network('vxlan')).segment.vni)
    t.equal(made.size, 11)
  })

  await t.test('B13 a VNIC that moves is never in two networks', async (t) => {
    const networks = [await scene.network('vlan'), await scene.network('vxlan')]
    for (const network of networks) await scene.station({ hypervisor: h2, network })
    const station = await scene.station({ hypervisor: h1 })
    const ofport = await h1.vsctl('get', 'Interface', station.vm.interface, 'ofport')
    let moving = true
    const dumps: string[][] = []
    const watch = async () => {
      while (moving) dumps.push([...(await h1.rules())])
    }
    const watching = watch()
    for (let count = 0; count < 10; count++) {
      for (const network of networks) {
        await scene.plug(station, network)
        await scene.unplug(station)
      }
    }
    moving = false
    await watching
    const metadata = (rules: readonly string[], part: RegExp) =>
      new Set(rules.filter((rule) => part.test(rule)).map(networkKey))
    const into = dumps.map((rules) => metadata(rules, new RegExp(`in_port=${ofport},`)))
    const out = dumps.map((rules) => metadata(rules, new RegExp(`output:${ofport}\\b`)))
    t.ok(
      into.some(({ size }) => size === 1),
      `${dumps.length} dumps were taken, some with the VNIC in`,
    )
    t.same(
      into.filter(({ size }) => size > 1),
      [],
    )
    t.same(
      out.filter(({ size }) => size > 1),
      [],
    )
    t.ok(dumps.every((_, at) => [...(into[at] ?? [])].every((key) => out[at]?.size === 0 || out[at]?.has(key))))
    for (const network of networks) {
      await scene.plug(station, network)
      t.same(await scene.wrongs(), [])
      await scene.unplug(station)
    }
  })
})

/** The key of the network that a rule belongs to: the rule writes it to the metadata, or matches it there. */
function networkKey(rule: string): string | undefined {
  return rule
    .match(/(?:set_field:(0x[0-9a-f]+)->metadata|metadata=(0x[0-9a-f]+))/)
    ?.slice(1)
    .find((key) => key !== undefined)
}
