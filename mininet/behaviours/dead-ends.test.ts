/** What stops traffic although every rule is in place: a VNIC's status follows it, and names the host, the cause and the mend. */
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

await onStage('dead ends', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const [vlan, vxlan] = [await scene.network('vlan'), await scene.network('vxlan')]
  const on = async (network: typeof vlan): Promise<[Station, Station, Station]> => [
    await scene.station({ hypervisor: h1, network }),
    await scene.station({ hypervisor: h2, network }),
    await scene.station({ hypervisor: h3, network }),
  ]
  const tagged = await on(vlan)
  const tunnelled = await on(vxlan)
  const all = [...tagged, ...tunnelled]
  const isError = async ({ vnic }: Station, detail: RegExp) => {
    await until(`VNIC ${vnic.id} to be in error with ${detail}`, async () => {
      const shown = await scene.show(vnic.id)
      return shown.status === 'error' && detail.test(shown.status_detail ?? '')
    })
  }
  const areActive = async (...stations: readonly Station[]) => {
    for (const { vnic } of stations) {
      await until(`VNIC ${vnic.id} to be active without a remark`, async () => {
        const { status, status_detail: detail } = await scene.show(vnic.id)
        return status === 'active' && detail === undefined
      })
    }
  }
  const condition = async (id: string, code: string) =>
    (await scene.hypervisor(id)).conditions.find((each) => each.code === code)
  const allPass = async () => {
    await areActive(...all)
    await lab.warmUnderlay()
    t.same(await scene.wrongs(), [])
  }

  await t.test(
    'B67 the bridge of a physical network is deleted: its VNICs there are in error until it is back',
    async (t) => {
      await h1.vsctl('del-br', 'br-eth1')
      await isError(tagged[0], /^hypervisor h1: .*br-eth1 for physnet1.*make it/)
      await areActive(tagged[1], tagged[2], ...tunnelled)
      const found = await condition('h1', 'bridge-missing')
      t.match(found, { severity: 'error', since: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ })
      t.match(await condition('h1', 'bridge-missing'), { since: found?.since }, 'since then, whenever it is asked')
      await h1.vsctl('add-br', 'br-eth1', '--', 'set', 'Bridge', 'br-eth1', 'datapath_type=netdev')
      await isError(
        tagged[0],
        /^hypervisor h1: bridge br-eth1 of physnet1 has lost its uplink eth1.*add-port br-eth1 eth1/,
      )
      await h1.vsctl('add-port', 'br-eth1', 'eth1')
      await allPass()
      t.same((await scene.hypervisor('h1')).conditions, [])
    },
  )

  await t.test('B67 a bridge of another datapath: no frame passes between the two, and the VNICs say so', async () => {
    await h1.vsctl('set', 'Bridge', 'br-eth1', 'datapath_type=dummy')
    await isError(tagged[0], /^hypervisor h1: .*datapath/)
    await h1.vsctl('set', 'Bridge', 'br-eth1', 'datapath_type=netdev')
    await allPass()
  })

  await t.test('B68 the uplink is down', async () => {
    await h2.run('ip', 'link', 'set', 'eth1', 'down')
    await isError(
      tagged[1],
      /^hypervisor h2: no frame leaves bridge br-eth1 of physnet1.*eth1 is administratively down/,
    )
    await areActive(tagged[0], tagged[2], ...tunnelled)
    await h2.run('ip', 'link', 'set', 'eth1', 'up')
    await allPass()
  })

  await t.test('B68 the uplink is in another bridge, behind patch ports, and goes down there', async () => {
    const patch = (name: string, peer: string) => ['--', 'set', 'Interface', name, 'type=patch', `options:peer=${peer}`]
    await h2.vsctl('add-br', 'br-out', '--', 'set', 'Bridge', 'br-out', 'datapath_type=netdev')
    await h2.vsctl(
      'add-port',
      'br-out',
      'in',
      ...patch('in', 'out'),
      '--',
      'add-port',
      'br-eth1',
      'out',
      ...patch('out', 'in'),
    )
    await h2.vsctl('del-port', 'br-eth1', 'eth1', '--', 'add-port', 'br-out', 'eth1')
    await allPass()
    await h2.run('ip', 'link', 'set', 'eth1', 'down')
    await isError(tagged[1], /^hypervisor h2: no frame leaves bridge br-eth1 .*eth1 is administratively down/)
    await h2.run('ip', 'link', 'set', 'eth1', 'up')
    await allPass()
    await h2.vsctl('del-br', 'br-out', '--', 'del-port', 'br-eth1', 'out', '--', 'add-port', 'br-eth1', 'eth1')
    await allPass()
  })

  await t.test('B68 the uplink is taken out of its bridge; a restarted controller still knows', async () => {
    await h2.vsctl('del-port', 'br-eth1', 'eth1')
    await isError(tagged[1], /^hypervisor h2: bridge br-eth1 of physnet1 has lost its uplink eth1/)
    await scene.controller.stop('SIGKILL')
    await scene.controller.start()
    await scene.connected()
    await isError(tagged[1], /^hypervisor h2: bridge br-eth1 of physnet1 has lost its uplink eth1/)
    await h2.vsctl('add-port', 'br-eth1', 'eth1')
    await allPass()
  })

  await t.test(
    'B69 B125 a hypervisor with the tunnel address of another one: nobody on it reaches anybody, and both say so',
    async (t) => {
      await h2.setExternalIds({ 'plugboard-encap-ip': h1.encapIp })
      await isError(tunnelled[1], /plugboard-encap-ip/)
      for (const { vnic } of [tunnelled[0], tunnelled[2]]) {
        await until(`VNIC ${vnic.id} to be active, and to say whom it does not reach`, async () => {
          const { status, status_detail: detail } = await scene.show(vnic.id)
          return (
            status === 'active' && /^reaches 1 of the 2 .*hypervisor h2: .* is that of hypervisor h1/.test(detail ?? '')
          )
        })
      }
      await areActive(...tagged)
      t.match(await condition('h1', 'duplicate-encap-ip'), { severity: 'warning' })
      t.match(await condition('h2', 'duplicate-encap-ip'), { severity: 'critical' })
      await h2.setExternalIds({ 'plugboard-encap-ip': h2.encapIp })
      await allPass()
    },
  )

  await t.test('B70 one IPv6 tunnel address among IPv4 ones: it alone is in error, and no MTU falls', async (t) => {
    await h3.setExternalIds({ 'plugboard-encap-ip': 'fd31::13' })
    await isError(tunnelled[2], /^hypervisor h3: plugboard-encap-ip fd31::13 is IPv6.*give it an IPv4 address/)
    for (const { vnic } of [tunnelled[0], tunnelled[1]]) {
      const shown = await scene.vnicIs(vnic.id, 'active')
      t.match(shown.status_detail, /^reaches 1 of the 2 other hypervisors of its network: hypervisor h3: .*IPv6/)
    }
    t.match(await condition('h3', 'encap-ip-family'), { severity: 'error' })
    for (const id of ['h1', 'h2']) t.same((await scene.hypervisor(id)).conditions, [])
    const shown = await scene.api.must<typeof vxlan>('GET', `/v1/projects/tests/networks/${vxlan.id}`)
    t.equal(shown.mtu, vxlan.mtu)
    await areActive(...tagged)
    await h3.setExternalIds({ 'plugboard-encap-ip': h3.encapIp })
    await allPass()
  })
})
