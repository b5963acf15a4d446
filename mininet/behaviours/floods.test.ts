/** Floods: one copy for each member, and none back to the sender's side: behaviours B23, B24, B25a. */
import type { Arrival, Send } from '../experiment.ts'
import { differences } from '../experiment.ts'
import { arpRequest, broadcast, frame, multicast, nobody, readFrame } from '../frames.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'

await onStage('floods', { hypervisors: 3 }, async (t, scene) => {
  const hosts = scene.lab.hypervisors
  const [h1, h2, h3] = [scene.lab.hypervisor(1), scene.lab.hypervisor(2), scene.lab.hypervisor(3)]
  const names = () => scene.lab.vms.map(({ name }) => name)

  /** Broadcast, multicast and unknown unicast frames of one VM. */
  function floods({ vm, network }: Station): Send[] {
    const peers = [...scene.stations.values()].filter((other) => other.network === network && other.vm !== vm)
    const to = peers.filter(({ up }) => up).map((peer) => peer.vm.name)
    const send = (what: string, number: number, destination: string, receivers: readonly string[]) => {
      const bytes = frame(number, { source: vm.mac, destination })
      return { from: vm.name, what, number, bytes, to: receivers }
    }
    const arp = { from: vm.name, what: 'ARP', number: 1, bytes: arpRequest(1, vm.mac), to }
    return [
      arp,
      send('multicast', 2, multicast, to),
      send('broadcast', 3, broadcast, to),
      send('unknown', 4, nobody, []),
    ]
  }

  /** The number of copies of a frame at each port of a switch. `in` means from the host at that port. */
  function copies(arrivals: readonly Arrival[], lan: string, number: number): Record<string, number> {
    const seen: Record<string, number> = {}
    for (const { tap, direction, hex } of arrivals) {
      if (!tap.startsWith(`${lan}-`) || readFrame(hex).number !== number) continue
      const place = `${direction} ${tap.slice(lan.length + 1)}`
      seen[place] = (seen[place] ?? 0) + 1
    }
    return seen
  }

  /**
   * Floods from one VM. Returns what is wrong at the VMs, and the copies on the cables of the known kinds and of the unknown
   * one.
   */
  async function flood(
    station: Station,
    lan: string,
  ): Promise<{ wrong: string[]; known: unknown[]; unknown: unknown }> {
    await scene.lab.settle()
    const sends = floods(station)
    const arrivals = await scene.lab.experiment(sends)
    const known = [1, 2, 3].map((number) => copies(arrivals, lan, number))
    return { wrong: differences(sends, arrivals, names()), known, unknown: copies(arrivals, lan, 4) }
  }

  const three = <Value>(value: Value) => [value, value, value]

  for (const engine of ['vxlan', 'geneve']) {
    await t.test(
      `B23 B24 ${engine}: one copy per member and per hypervisor with members, none to others, none back`,
      async (t) => {
        const network = await scene.network(engine)
        const first = await scene.station({ hypervisor: h1, network })
        await scene.station({ hypervisor: h1, network })
        t.same(
          await flood(first, 'underlay'),
          { wrong: [], known: three({}), unknown: {} },
          'members on one hypervisor only',
        )
        const there = [
          await scene.station({ hypervisor: h2, network }),
          await scene.station({ hypervisor: h2, network }),
        ]
        const toH2 = { 'in h1': 1, 'out h2': 1 }
        t.same(await flood(first, 'underlay'), { wrong: [], known: three(toH2), unknown: {} }, 'on two')
        const last = await scene.station({ hypervisor: h3, network })
        const toBoth = { 'in h1': 2, 'out h2': 1, 'out h3': 1 }
        t.same(await flood(first, 'underlay'), { wrong: [], known: three(toBoth), unknown: {} }, 'on three')
        const fromH3 = { 'in h3': 2, 'out h1': 1, 'out h2': 1 }
        t.same(await flood(last, 'underlay'), { wrong: [], known: three(fromH3), unknown: {} }, 'from the third')

        await scene.unplug(last)
        t.same(await flood(first, 'underlay'), { wrong: [], known: three(toH2), unknown: {} }, 'after an unplug')
        await scene.plug(last, await scene.network(engine))
        t.same(await flood(first, 'underlay'), { wrong: [], known: three(toH2), unknown: {} }, 'after a move elsewhere')
        for (const station of there) await scene.remove(station)
        t.same(await flood(first, 'underlay'), { wrong: [], known: three({}), unknown: {} }, 'after VMs left')
        for (const station of [...scene.stations.values()]) await scene.remove(station)
      },
    )
  }

  for (const engine of ['vlan', 'flat']) {
    await t.test(`B23 B24 ${engine}: one copy per member, once to the uplink, never back from it`, async (t) => {
      const network = await scene.network(engine)
      const first = await scene.station({ hypervisor: h1, network })
      await scene.station({ hypervisor: h1, network })
      const other = await scene.station({ hypervisor: h2, network })
      // The physical switch is a hub: every other host gets the frame, and must not send it back.
      const fromH1 = { 'in h1': 1, 'out h2': 1, 'out h3': 1 }
      t.same(await flood(first, 'fabric1'), { wrong: [], known: three(fromH1), unknown: fromH1 }, 'h3 drops it')
      const last = await scene.station({ hypervisor: h3, network })
      t.same(
        await flood(first, 'fabric1'),
        { wrong: [], known: three(fromH1), unknown: fromH1 },
        'three hypervisors, no loop',
      )
      const fromH2 = { 'in h2': 1, 'out h1': 1, 'out h3': 1 }
      t.same(await flood(other, 'fabric1'), { wrong: [], known: three(fromH2), unknown: fromH2 })
      await scene.plug(await unplugged(last), await scene.network('vlan'))
      t.same(
        await flood(first, 'fabric1'),
        { wrong: [], known: three(fromH1), unknown: fromH1 },
        'after a move elsewhere',
      )

      const vid = network.segment.vlan_id
      const tags = vid === undefined ? [] : [{ vid }]
      const members = [...scene.stations.values()].filter((station) => station.network === network)
      const outside = [broadcast, nobody, first.vm.mac].map((destination, index) => {
        const to = [members.map(({ vm }) => vm.name), [], [first.vm.name]][index] ?? []
        const bytes = frame(index + 1, { source: '02:00:00:00:00:99', destination, tags })
        return { from: 'outside-eth1', what: `frame to ${destination}`, number: index + 1, bytes, to }
      })
      const arrivals = await scene.lab.experiment(outside)
      const wrong = differences(outside, arrivals, names()).filter((line) => !line.startsWith('changed'))
      t.same(wrong, [], 'a physical host of the same VLAN reaches its members')
      for (const { number, what } of outside) {
        t.same(
          copies(arrivals, 'fabric1', number),
          { 'out h1': 1, 'out h2': 1, 'out h3': 1 },
          `${what} does not come back`,
        )
      }
      for (const station of [...scene.stations.values()]) await scene.remove(station)
    })
  }

  async function unplugged(station: Station): Promise<Station> {
    await scene.unplug(station)
    return station
  }

  await t.test('B25a the datapath id is fixed, whatever MAC addresses its ports have', async (t) => {
    const ids = () => Promise.all(hosts.map((host) => host.vsctl('get', 'Bridge', 'br-int', 'datapath_id')))
    const before = await ids()
    t.equal(new Set(before).size, hosts.length, 'each hypervisor has its own')
    const network = await scene.network('vlan')
    const peer = await scene.station({ hypervisor: h2, network })
    const { vnic } = await scene.station({ hypervisor: h1, network, mac: '00:00:5e:00:53:01' })
    await h1.run('ip', 'tuntap', 'add', 'universal0', 'mode', 'tap')
    await h1.run('ip', 'link', 'set', 'universal0', 'address', '00:00:5e:00:53:02')
    await h1.addInterface('universal0', { 'iface-id': 'nobody' })
    await scene.seen(h1)
    t.same(await ids(), before)
    await h1.kill('ovs-vswitchd')
    await h1.start('ovs-vswitchd')
    await scene.connected()
    await scene.vnicIs(vnic.id, 'active')
    t.same(await ids(), before)
    await h1.removeInterface('universal0')
    t.same(await ids(), before)
    await scene.lab.warmUnderlay()
    t.same(await scene.wrongs(), [])
    t.equal((await scene.show(peer.vnic.id)).status, 'active')
  })
})
