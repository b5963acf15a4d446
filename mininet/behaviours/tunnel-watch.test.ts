/** Tunnels are watched by BFD: a dead one is a condition at both ends, and the status of VNICs says whom they do not reach. */
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

const TUNNELS = { vxlan: 4789, geneve: 6081 } as const

await onStage('watched tunnels', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const wide = await scene.network('vxlan')
  const narrow = await scene.network('geneve')
  const onWide = [
    await scene.station({ hypervisor: h1, network: wide }),
    await scene.station({ hypervisor: h2, network: wide }),
    await scene.station({ hypervisor: h3, network: wide }),
  ] as const
  const onNarrow = [
    await scene.station({ hypervisor: h1, network: narrow }),
    await scene.station({ hypervisor: h2, network: narrow }),
  ] as const
  const all = [...onWide, ...onNarrow]
  const is = async ({ vnic }: Station, status: string, detail: RegExp | undefined) => {
    await until(`VNIC ${vnic.id} to be ${status} with ${detail}`, async () => {
      const shown = await scene.show(vnic.id)
      return (
        shown.status === status && (detail ? detail.test(shown.status_detail ?? '') : shown.status_detail === undefined)
      )
    })
  }
  const allAreActive = async () => {
    for (const station of all) await is(station, 'active', undefined)
  }
  const probesOf = async (host: typeof h1) => {
    const names = await host.run('sh', '-c', 'ovs-vsctl br-exists plug-bfd && ovs-vsctl list-ports plug-bfd || true')
    return names.split('\n').filter(Boolean).length
  }
  const areWatched = (count: number, host: typeof h1) =>
    until(`${count} watched tunnels on ${host.id}`, async () => {
      const states = await host.run(
        'ovs-vsctl',
        '--bare',
        '--columns=bfd_status',
        'find',
        'Interface',
        'bfd:enable=true',
      )
      return [...states.matchAll(/(?<!remote_)state=up/g)].length === count && (await probesOf(host)) === count
    })
  /** Blocks what a host sends by tunnels of a type. */
  const block = (host: typeof h1, type: keyof typeof TUNNELS) =>
    host.run(...`ovs-ofctl add-flow br-phy priority=9,udp,tp_dst=${TUNNELS[type]},actions=drop`.split(' '))
  const unblock = (host: typeof h1) =>
    host.run('ovs-ofctl', '--strict', 'del-flows', 'br-phy', 'priority=9,udp,tp_dst=4789')

  await t.test(
    'B73 tunnels between hypervisors that share a network are watched, and tenants notice nothing',
    async (t) => {
      await areWatched(3, h1)
      await areWatched(3, h2)
      await areWatched(2, h3)
      await allAreActive()
      for (const id of ['h1', 'h2', 'h3']) t.same((await scene.hypervisor(id)).conditions, [])
      t.same(await scene.wrongs(), [])
    },
  )

  await t.test('B73 one type of tunnel is blocked in one direction: a condition at both ends', async (t) => {
    const started = performance.now()
    await block(h1, 'geneve')
    for (const [id, peer] of [
      ['h1', 'h2'],
      ['h2', 'h1'],
    ] as const) {
      await scene.condition(id, 'tunnel-down')
      const [condition, ...more] = (await scene.hypervisor(id)).conditions
      t.match(condition, {
        code: 'tunnel-down',
        severity: 'error',
        message: new RegExp(`geneve tunnel to hypervisor ${peer}.*UDP port 6081`),
      })
      t.same(more, [])
    }
    t.comment(`both ends after ${Math.round(performance.now() - started)} ms`)
    for (const station of onNarrow)
      await is(station, 'error', /^hypervisor h[12]: no packet passes the geneve tunnel to hypervisor h[12]/)
    for (const station of onWide) await is(station, 'active', undefined)
    await h1.run('ovs-ofctl', '--strict', 'del-flows', 'br-phy', 'priority=9,udp,tp_dst=6081')
    await allAreActive()
    for (const id of ['h1', 'h2', 'h3']) t.same((await scene.hypervisor(id)).conditions, [])
    t.same(await scene.wrongs(), [])
  })

  await t.test('B74 a VNIC that still reaches some peers is active and says whom it does not reach', async (t) => {
    await block(h3, 'vxlan')
    await is(onWide[2], 'error', /^hypervisor h3: no packet passes the vxlan tunnel/)
    for (const station of onWide.slice(0, 2)) {
      await is(
        station,
        'active',
        /^reaches 1 of the 2 other hypervisors of its network: hypervisor h[12]: .*tunnel to hypervisor h3/,
      )
    }
    for (const station of onNarrow) await is(station, 'active', undefined)
    await unblock(h3)
    await allAreActive()
    t.same(await scene.wrongs(), [])
  })

  await t.test(
    'B71 a tunnel address that the host does not have: its VNICs are in error, and those of others say so',
    async (t) => {
      await h3.setExternalIds({ 'plugboard-encap-ip': '172.31.0.99' })
      await is(
        onWide[2],
        'error',
        /^hypervisor h3: .*172\.31\.0\.99.*check that an interface of each host has its address/,
      )
      await is(onWide[0], 'active', /^reaches 1 of the 2 .* hypervisor h3/)
      await h3.setExternalIds({ 'plugboard-encap-ip': h3.encapIp })
      await allAreActive()
      await lab.warmUnderlay()
      t.same(await scene.wrongs(), [])
    },
  )

  await t.test('B75 a controller that starts again, and a switch that restarts, are no dead tunnels', async (t) => {
    const ports = await h1.run('ovs-vsctl', 'list-ports', 'plug-bfd')
    await scene.controller.stop('SIGKILL')
    await scene.controller.start()
    await scene.connected()
    await allAreActive()
    await h2.kill('ovs-vswitchd')
    await h2.start('ovs-vswitchd')
    await scene.connected()
    await allAreActive()
    await areWatched(3, h2)
    t.equal(await h1.run('ovs-vsctl', 'list-ports', 'plug-bfd'), ports, 'the ports are the same')
    t.same(await scene.wrongs(), [])
  })

  await t.test('B75 a tunnel that no network uses is not watched, and the bridge of the probes stays', async (t) => {
    await scene.unplug(onNarrow[0])
    await areWatched(2, h1)
    await areWatched(2, h2)
    await scene.unplug(onWide[0])
    await areWatched(0, h1)
    t.match(await h1.vsctl('list-br'), /plug-bfd/)
    t.equal(await probesOf(h2), 1)
    await h2.setExternalIds({ 'plugboard-encap-ip': h2.encapIp })
  })
})
