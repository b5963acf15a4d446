/** Trunks: one VNIC in many networks, each under a tag (B25), on physical networks and by tunnels. */
import type { Network, Port } from '../api.ts'
import { frame, readFrame, type Tag } from '../frames.ts'
import { onStage } from '../onstage.ts'
import { project, type Station } from '../scene.ts'
import { until } from '../until.ts'

const BROADCAST = 'ff:ff:ff:ff:ff:ff'
const [Q, AD] = [0x8100, 0x88a8]

await onStage('trunks', { hypervisors: 2 }, async (t, scene) => {
  const { lab, api } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const path = ({ id }: Port) => `/v1/projects/${project}/ports/${id}`
  const carry = (parent: Port, ...subs: Array<readonly [number, Port]>) =>
    api.must<Port>('PATCH', path(parent), { trunk: subs.map(([vlan_id, { id }]) => ({ vlan_id, port_id: id })) })
  const active = (port: Port) =>
    until('the sub-port to be active', async () => (await scene.showPort(port)).status === 'active')
  const pings = async (from: Station, address: string) =>
    (await lab.exec(from.vm.name, 'ping', '-c', '1', '-W', '2', address)).code === 0

  for (const [homeEngine, awayEngine] of [
    ['vlan', 'vxlan'],
    ['vxlan', 'vlan'],
  ] as const) {
    await t.test(`a VM in ${homeEngine}, and in ${awayEngine} and ${homeEngine} by tags`, async (t) => {
      const [home, away, third] = [
        await scene.network(homeEngine),
        await scene.network(awayEngine),
        await scene.network(homeEngine),
      ]
      const inside = (network: Network, hypervisor: typeof h1, address: string) =>
        scene.station({ hypervisor, network, addresses: [`${address}/24`] })
      const trunked = await inside(home, h1, '10.1.0.1')
      const beside = await inside(home, h2, '10.1.0.2')
      const [near, far] = [await inside(away, h1, '10.2.0.2'), await inside(away, h2, '10.2.0.3')]
      const stranger = await inside(third, h2, '10.3.0.2')
      const [parent, sub, other] = [
        trunked.port as Port,
        await api.createPort(project, away.id),
        await api.createPort(project, third.id),
      ]
      const run = async (line: string) => {
        const { code, stderr } = await lab.exec(trunked.vm.name, ...line.split(' '))
        if (code !== 0) throw new Error(`${line}: ${stderr}`)
      }
      await run('ip link add link eth0 name eth0.100 type vlan id 100')
      await run('ip address add 10.2.0.1/24 dev eth0.100')
      await run('ip link set eth0.100 up')

      const before = await h1.rules()
      await carry(parent, [100, sub])
      await active(sub)
      const after = await h1.rules()
      const lost = before.filter((rule) => !after.includes(rule))
      t.same(
        lost.filter((rule) => !/dl_dst=01:00:00:00:00:00|dl_vlan=100/.test(rule) && !/tun/.test(rule)),
        [],
      )

      t.ok(await pings(trunked, '10.1.0.2'), 'untagged in its own network')
      for (const address of ['10.2.0.2', '10.2.0.3']) t.ok(await pings(trunked, address), `with the tag to ${address}`)
      for (const from of [near, far]) t.ok(await pings(from, '10.2.0.1'), 'and from there')

      await t.test('B25 each frame is in the network of its tag, once, or nowhere', async (t) => {
        await lab.settle()
        const kinds: Array<{ tags: Tag[]; to: Station[] }> = [
          { tags: [], to: [beside] },
          { tags: [{ vid: 100 }], to: [near, far] },
          { tags: [{ type: AD, vid: 100 }], to: [near, far] },
          { tags: [{ vid: 0 }], to: [] },
          { tags: [{ vid: 101 }], to: [] },
          { tags: [{ type: AD, vid: 101 }], to: [] },
        ]
        const vids = [home, away, third].flatMap(({ segment }) => segment.vlan_id ?? [])
        for (const vid of [...vids, 0, 100, 101]) {
          if (vids.includes(vid)) kinds.push({ tags: [{ vid }], to: [] })
          for (const outer of [Q, AD]) {
            for (const inner of [Q, AD]) {
              kinds.push({
                tags: [
                  { type: outer, vid: 100 },
                  { type: inner, vid },
                ],
                to: [],
              })
              kinds.push({
                tags: [
                  { type: outer, vid },
                  { type: inner, vid: 100 },
                ],
                to: [],
              })
              kinds.push({
                tags: [
                  { type: outer, vid: 0 },
                  { type: inner, vid },
                ],
                to: [],
              })
            }
          }
        }
        const sends = kinds.map(({ tags, to }, index) => ({
          from: trunked.vm.name,
          what: tags.map(({ type = Q, vid }) => `${type.toString(16)} ${vid}`).join(', '),
          number: index + 1,
          bytes: frame(index + 1, { source: trunked.vm.mac, destination: BROADCAST, tags }),
          to: to.map(({ vm }) => vm.name),
          barred: to.length === 0,
        }))
        const arrivals = await lab.experiment(sends)
        const vms = new Map([...scene.stations.values()].map(({ vm }) => [vm.name, vm]))
        const seen = arrivals
          .filter(({ tap, direction }) => vms.has(tap) && direction === 'in')
          .map(({ tap, hex }) => `${readFrame(hex).number} ${tap} ${readFrame(hex).vids}`)
        const wanted = sends.flatMap(({ number, to }) => to.map((name) => `${number} ${name} `))
        t.same(seen.sort(), wanted.sort())
        const cables = arrivals.filter(({ tap }) => !vms.has(tap)).map(({ hex }) => readFrame(hex).number)
        const astray = sends.filter(({ number, barred }) => barred && cables.includes(number)).map(({ what }) => what)
        t.same(astray, [], 'nor is it seen on a cable')
      })

      await t.test('B23 the VM has a copy of what is for all of each network, under its tag', async (t) => {
        const sends = [beside, near, far, stranger].map(({ vm }, index) => ({
          from: vm.name,
          what: 'broadcast',
          number: index + 1,
          bytes: frame(index + 1, { source: vm.mac, destination: BROADCAST }),
          to: [],
        }))
        const arrivals = await lab.experiment(sends)
        const seen = arrivals
          .filter(({ tap, direction }) => tap === trunked.vm.name && direction === 'in')
          .map(({ hex }) => `${readFrame(hex).number} ${readFrame(hex).vids}`)
        t.same(seen.sort(), ['1 ', '2 100', '3 100'])
        const others = arrivals.filter(({ tap, direction }) => tap === near.vm.name && direction === 'in')
        t.same(
          others.map(({ hex }) => `${readFrame(hex).number} ${readFrame(hex).vids}`),
          ['3 '],
          'and others none',
        )
      })

      await t.test('who asks under a tag is answered under it', async (t) => {
        await api.must('PATCH', path(near.port as Port), { ip_addresses: ['10.2.0.2'] })
        await lab.exec(near.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
        await run('ip neigh flush all')
        await pings(trunked, '10.2.0.2')
        t.match(
          (await lab.exec(trunked.vm.name, 'ip', 'neigh', 'show', '10.2.0.2', 'dev', 'eth0.100')).stdout,
          near.vm.mac,
        )
        await lab.exec(near.vm.name, 'ip', 'link', 'set', 'eth0', 'up')
      })

      await t.test('sub-ports come and go', async (t) => {
        await carry(parent, [100, other])
        await active(other)
        t.notOk(await pings(trunked, '10.2.0.3'), 'the tag leads elsewhere')
        await run('ip address add 10.3.0.1/24 dev eth0.100')
        t.ok(await pings(trunked, '10.3.0.2'))
        await carry(parent, [100, sub])
        await active(sub)
        t.notOk(await pings(trunked, '10.3.0.2'))
        t.ok(await pings(trunked, '10.2.0.3'))
        await scene.setAdmin(trunked, false)
        t.notOk(await pings(trunked, '10.2.0.3'), 'down with the port that carries it')
        await scene.setAdmin(trunked, true)
        await active(sub)
        t.ok(await pings(trunked, '10.2.0.3'))
        await carry(parent)
        t.notOk(await pings(trunked, '10.2.0.3'))
        t.ok(await pings(trunked, '10.1.0.2'))
      })

      await t.test('a move takes all of them along', async (t) => {
        await carry(parent, [100, sub])
        await scene.move(trunked, h2)
        await run('ip link add link eth0 name eth0.100 type vlan id 100')
        await run('ip address add 10.2.0.1/24 dev eth0.100')
        await run('ip link set eth0.100 up')
        await active(sub)
        t.ok(await pings(trunked, '10.2.0.3'))
        t.notOk(
          (await h1.rules()).some((rule) => /dl_vlan=100 actions=pop_vlan/.test(rule)),
          'nothing is left there',
        )
      })

      for (const station of [trunked, beside, near, far, stranger]) await scene.remove(station)
      for (const host of [h1, h2]) await until('no rule to be left', async () => (await host.rules()).length === 0)
    })
  }
})
