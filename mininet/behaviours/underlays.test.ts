/**
 * Tunnels over IPv6, the MTU inside them (B27), and a hypervisor's tunnel address that changes, is missing or belongs to
 * another one.
 */
import type { Send } from '../experiment.ts'
import { broadcast, frame } from '../frames.ts'
import { onStage } from '../onstage.ts'
import { deliver } from '../probes.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

const ENGINES = ['vxlan', 'geneve'] as const
/** 1500 minus IPv6 40, UDP 8, VXLAN or Geneve 8, inner Ethernet 14. */
const MTU = 1430

await onStage('underlays', { hypervisors: 2, remotes: 1, underlay: 'ipv6' }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, r1] = [lab.hypervisor(1), lab.hypervisor(2), lab.remotes[0]]
  if (!r1) throw new RangeError('the remote machine is missing')
  const pairs: { near: Station; far: Station }[] = []
  for (const engine of ENGINES) {
    const network = await scene.network(engine)
    t.equal(network.mtu, MTU, `B27 ${engine}`)
    const near = await scene.station({ hypervisor: h1, network, floodUnknown: true })
    pairs.push({ near, far: await scene.station({ hypervisor: h2, network }) })
  }
  const port = await scene.tunnelPort({ remote_ip: r1.encapIp, tunnel_type: 'vxlan', tunnel_key: 90 })
  await scene.plugInto(await scene.station({ hypervisor: h1 }), port)
  await scene.remoteEnd(r1, port, h1)

  await t.test('VXLAN, Geneve and a port that is its own tunnel work over IPv6', async (t) => {
    t.same(await scene.wrongs(), [])
  })

  await t.test(
    'B27 a packet of the network’s MTU passes unfragmented, and fills the MTU of the underlay',
    async (t) => {
      const sends = pairs.flatMap(({ near, far }, index) =>
        [MTU, MTU + 1].map((size, more): Send => {
          const number = 2 * index + more + 1
          // The number of the test frame takes twelve octets.
          const payload = Buffer.alloc(size - 12)
          const bytes = frame(number, { source: near.vm.mac, destination: far.vm.mac, payload })
          return { from: near.vm.name, what: `packet of ${size}`, number, bytes, to: more ? [] : [far.vm.name] }
        }),
      )
      const { wrong, arrivals } = await deliver(lab, sends)
      t.same(wrong, [])
      const outer = arrivals.filter(({ tap, direction }) => tap === 'underlay-h2' && direction === 'out')
      t.same(
        outer.map(({ hex }) => hex.length / 2),
        ENGINES.map(() => 14 + 1500),
        'each of them in one packet',
      )
    },
  )

  /** Waits until a ping passes between each pair of VMs on different hypervisors. */
  async function reach(): Promise<void> {
    for (const { near, far } of pairs) {
      const address = far.vm.addresses[0]?.replace(/\/.*/, '') ?? ''
      await until(`${near.vm.name} to reach ${far.vm.name}`, async () => {
        return (await lab.exec(near.vm.name, 'ping', '-c', '1', '-W', '1', address)).code === 0
      })
    }
  }
  const setAddress = (address: string) => h2.setExternalIds({ 'plugboard-encap-ip': address })

  await t.test('a hypervisor whose tunnel address changes is reached again, without any call of the API', async (t) => {
    const old = h2.encapIp
    h2.encapIp = 'fd31::99'
    await h2.run('ip', 'addr', 'add', `${h2.encapIp}/64`, 'dev', 'br-phy', 'nodad')
    await h2.run('ip', 'addr', 'del', `${old}/64`, 'dev', 'br-phy')
    await setAddress(h2.encapIp)
    await reach()
    t.match(await scene.hypervisor('h2'), { encap_ip: h2.encapIp })
    await lab.warmUnderlay()
    t.same(await scene.wrongs(), [])
  })

  await t.test(
    'one without a tunnel address: a condition, and an error of its VNICs alone, until it has one',
    async (t) => {
      await h2.vsctl('remove', 'Open_vSwitch', '.', 'external_ids', 'plugboard-encap-ip')
      await scene.condition('h2', 'no-encap-ip')
      for (const { near, far } of pairs) {
        t.match(await scene.vnicIs(far.vnic.id, 'error'), { status_detail: /plugboard-encap-ip/ })
        t.match(await scene.show(near.vnic.id), { status: 'active' })
      }
      await setAddress(h2.encapIp)
      await scene.condition('h2', 'no-encap-ip', false)
      for (const { far } of pairs) await scene.vnicIs(far.vnic.id, 'active')
      await reach()
      await lab.warmUnderlay()
      t.same(await scene.wrongs(), [])
    },
  )

  await t.test('two with the same tunnel address: a condition of both, until one has its own again', async (t) => {
    await setAddress(h1.encapIp)
    for (const id of ['h1', 'h2']) await scene.condition(id, 'duplicate-encap-ip')
    await setAddress(h2.encapIp)
    for (const id of ['h1', 'h2']) await scene.condition(id, 'duplicate-encap-ip', false)
    await reach()
    await lab.warmUnderlay()
    t.same(await scene.wrongs(), [])
  })

  await t.test('B24 a broadcast takes one copy for each peer on the underlay, also over IPv6', async (t) => {
    const [{ near, far } = {}] = pairs
    if (!near || !far) throw new RangeError('nobody is there')
    const bytes = frame(1, { source: near.vm.mac, destination: broadcast })
    const send = { from: near.vm.name, what: 'broadcast', number: 1, bytes, to: [far.vm.name] }
    const arrivals = await lab.experiment([send])
    t.equal(arrivals.filter(({ tap }) => tap.startsWith('underlay-')).length, 2, 'out of h1, into h2')
  })
})
