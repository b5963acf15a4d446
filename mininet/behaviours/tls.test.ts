/** TLS between the controller and real Open vSwitch: behaviours B140, B143. */
import { Certificates } from '../certificates.ts'
import { whyNoLab } from '../lab.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

const certificates = whyNoLab() === undefined ? await Certificates.create() : undefined
const settings = {
  hypervisors: 3,
  config: certificates?.config ?? '',
  prepare: async (host: Parameters<Certificates['equip']>[0]) => certificates?.equip(host),
}

await onStage('tls', settings, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const networks = [await scene.network('vlan'), await scene.network('vxlan')]
  for (const network of networks) {
    for (const hypervisor of [h1, h2]) await scene.station({ hypervisor, network })
  }

  await t.test('B140 hypervisors join with ssl:, and their VMs reach whom they must', async (t) => {
    for (const host of [h1, h2, h3]) {
      // Open vSwitch writes every few seconds whether it is connected.
      await until(`${host.id} to say that it is connected with TLS`, async () => {
        const openflow = await host.vsctl('get', 'Controller', 'br-int', 'target', 'is_connected')
        const ovsdb = await host.vsctl('--columns=target,is_connected', 'list', 'Manager')
        const joined = /^"ssl:172\.30\.0\.1:6653"\ntrue$/.test(openflow)
        return joined && /ssl:172\.30\.0\.1:6640(.|\n)*true/.test(ovsdb)
      })
    }
    t.same(await scene.wrongs(), [])
  })

  await t.test('B140 a hypervisor that says that it is another one is refused, and changes nothing', async (t) => {
    const before = await Promise.all([h1, h2].map((host) => host.rules()))
    await h3.setExternalIds({ 'system-id': 'h1' })
    await until('the impostor to be refused', async () =>
      (await lab.controller.logLines()).some(
        ({ msg }) => msg === 'refusing a host that has the certificate of another one',
      ),
    )
    const { ovsdb_connected, openflow_connected, conditions } = await scene.hypervisor('h1')
    t.match({ ovsdb_connected, openflow_connected }, { ovsdb_connected: true, openflow_connected: true })
    t.same(conditions, [])
    t.same(await Promise.all([h1, h2].map((host) => host.rules())), before)
    t.same(await scene.wrongs(), [])
    await h3.setExternalIds({ 'system-id': 'h3' })
    await scene.connected()
  })

  await t.test('B140 without TLS, or with the certificate of another one, nobody joins', async (t) => {
    const refusals = async () =>
      Number(/plugboard_hosts_refused_total (\d+)/.exec(await (await fetch(`${scene.api.url}/metrics`)).text())?.[1])
    const refused = async () => (await scene.hypervisor('h3')).ovsdb_connected === false
    const back = async () => {
      await certificates?.equip(h3)
      await h3.join(lab.controller.address)
      await scene.connected()
    }
    await h3.vsctl('set-manager', `tcp:${lab.controller.address}`)
    await until('h3 to be gone', refused)
    await back()
    // Open vSwitch reads other files when it connects anew.
    await h3.vsctl('del-manager')
    await until('h3 to be gone', refused)
    const before = await refusals()
    await certificates?.equip(h3, 'h2')
    await h3.join(lab.controller.address)
    await until('h3 to be refused three times', async () => (await refusals()) >= before + 3)
    t.equal(await refused(), true)
    await back()
    t.same(await scene.wrongs(), [])
  })

  await t.test('B143 the controller is given another certificate, and no session ends', async (t) => {
    const sessions = async () =>
      (await lab.controller.logLines()).filter(({ msg }) =>
        /^(switch|hypervisor's OVSDB connection) /.test(String(msg)),
      ).length
    const before = await sessions()
    await certificates?.renewController()
    t.match(await lab.controller.reload(), { msg: 'the configuration was reloaded' })
    t.equal(await sessions(), before)
    t.same(await scene.wrongs(), [])
    // Whoever connects from now on is served with the new certificate.
    await h2.kill('ovs-vswitchd')
    await h2.start('ovs-vswitchd')
    await scene.connected()
    t.same(await scene.wrongs(), [])
  })
})
await certificates?.remove()
