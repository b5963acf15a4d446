/** Hypervisors whose integration bridges each allow one version of OpenFlow, in one cloud: the whole matrix must be the same. */

import type { Network, Port } from './api.ts'
import { DhcpClients } from './dhcp-clients.ts'
import type { Hypervisor } from './hypervisor.ts'
import { floatingConfig, natWrongs } from './nat-ground.ts'
import { onStage } from './onstage.ts'
import type { Scene } from './scene.ts'
import { until } from './until.ts'

/** The version by hypervisor, as in column `protocols`. */
const PROTOCOLS = ['OpenFlow13', 'OpenFlow14', 'OpenFlow15'] as const
const ENGINES = ['vlan', 'vxlan', 'geneve', 'flat'] as const

/** The OpenFlow connections that `ovs-vswitchd` reports, with their versions. */
async function spoken(scene: Scene): Promise<string[]> {
  return await Promise.all(
    scene.lab.hypervisors.map(async (host) => {
      const ports = PROTOCOLS.map(async (protocol) => {
        const { code } = await host.exec('ovs-ofctl', '-O', protocol, 'show', 'br-int')
        return code === 0 ? [protocol] : []
      })
      return (await Promise.all(ports)).flat().join()
    }),
  )
}

/** The number of addresses that a switch has learned. */
async function learned(host: Hypervisor): Promise<number> {
  const protocol = PROTOCOLS[Number(host.id.slice(1)) - 1] ?? ''
  const dump = await host.run('ovs-ofctl', '-O', protocol, 'dump-flows', 'br-int', 'table=56')
  return dump.split('\n').filter((line) => line.includes('cookie=')).length
}

await onStage(
  'hypervisors of OpenFlow 1.3, 1.4 and 1.5 in one cloud',
  {
    hypervisors: PROTOCOLS.length,
    config: floatingConfig('vlan: 50'),
    remotes: 2 * PROTOCOLS.length,
    prepare: async (host) => {
      const protocols = `protocols=${PROTOCOLS[Number(host.id.slice(1)) - 1]}`
      await host.vsctl('add-br', 'br-int', '--', 'set', 'bridge', 'br-int', 'datapath_type=netdev', protocols)
    },
  },
  async (t, scene) => {
    t.same(await spoken(scene), PROTOCOLS, 'each bridge allows only its version')
    const engines = [...ENGINES, 'vlan', 'vxlan']
    const networks = await Promise.all(engines.map((engine) => scene.network(engine)))
    networks.push(await scene.network('nat-ipv4', { address_prefix: '203.0.113.64/26' }))
    const vids = networks.flatMap(({ segment }) => segment.vlan_id ?? [])
    for (const network of networks) {
      for (const hypervisor of scene.lab.hypervisors) await scene.station({ hypervisor, network })
    }
    // Each hypervisor gets a port that is its own tunnel, and a network that is bridged by a tunnel of the same type. So
    // frames leave through the port that they came in through.
    const bridged = [networks[5], networks[1], networks[2]]
    const sites: { network: Network; port: Port }[] = []
    for (const [index, hypervisor] of scene.lab.hypervisors.entries()) {
      const [own, site] = scene.lab.remotes.slice(2 * index, 2 * index + 2)
      const network = bridged[index]
      if (!own || !site || !network) throw new Error('the scene has too few remote machines')
      const type = network?.engine === 'geneve' ? ('geneve' as const) : ('vxlan' as const)
      const wish = { tunnel_type: type, tunnel_key: 80 + index }
      const alone = await scene.tunnelPort({ ...wish, remote_ip: own.encapIp })
      await scene.plugInto(await scene.station({ hypervisor }), alone)
      await scene.remoteEnd(own, alone, hypervisor)
      const port = await scene.tunnelPort({ ...wish, remote_ip: site.encapIp }, network, { hypervisor: hypervisor.id })
      await scene.remoteEnd(site, port, hypervisor)
      sites.push({ network, port })
    }
    await t.test('every frame and ping arrives as it must', async (t) => {
      t.same(await scene.wrongs({ vids }), [])
      t.same(await natWrongs(scene), [], 'floating addresses')
      t.same(await scene.wrongs({ vids }), [], 'and again, when the addresses at the sites are learned')
      for (const host of scene.lab.hypervisors)
        t.equal(await learned(host), 1, `${host.id} has learned the one at its site`)
    })

    await t.test('DHCP requests reach the controller and are answered with every version', async (t) => {
      const network = await scene.network('vxlan', { ipv4: { prefix: '10.9.0.0/24', gateway_ip: '10.9.0.1' } })
      const clients = await DhcpClients.in(scene.lab)
      t.teardown(() => clients.close())
      for (const hypervisor of scene.lab.hypervisors) {
        const guest = await scene.station({ hypervisor, network, addresses: [] })
        const { told, words } = await clients.udhcpc(guest.vm.name)
        t.equal(told.ip, guest.port?.ip_addresses?.[0], `${hypervisor.id}: ${words}`)
        await scene.remove(guest)
      }
    })

    await t.test('limits of rates: from a VM with every version, towards it with 1.5', async (t) => {
      for (const host of scene.lab.hypervisors) {
        const station = [...scene.stations.values()].find(({ vm, network }) => network && vm.hypervisor === host)
        if (!station?.port) throw new Error(`no VM on ${host.id}`)
        const path = `/v1/projects/${station.vnic.project}/ports/${station.port.id}`
        const limit = (rate_limit: object | null) => scene.api.must('PATCH', path, { rate_limit })
        const protocol = PROTOCOLS[Number(host.id.slice(1)) - 1] ?? ''
        // Other meters limit the packets to the controller. Their unit is packets.
        const limits = async () => (await host.meters('br-int', protocol)).filter((meter) => meter.includes(' kbps '))
        await limit({ egress_kbps: 10_000 })
        await scene.vnicIs(station.vnic.id, 'active')
        t.equal((await limits()).length, 1, `${host.id}: a meter`)
        await limit({ ingress_kbps: 10_000 })
        if (protocol === 'OpenFlow15') await scene.vnicIs(station.vnic.id, 'active')
        else {
          const { status_detail: detail } = await scene.vnicIs(station.vnic.id, 'error')
          const version = protocol.replace(/(\d)(\d)/, ' $1.$2')
          t.match(detail, new RegExp(`${host.id} .*${version} has none.*add OpenFlow15 to the protocols of its bridge`))
        }
        await limit(null)
        await scene.vnicIs(station.vnic.id, 'active')
        t.same(await limits(), [], `${host.id}: no meter is left`)
      }
      t.same(await scene.wrongs({ vids }), [])
    })

    await t.test('after ports went down and VMs moved between networks', async (t) => {
      const [first, second, third] = [...scene.stations.values()]
      const last = networks.at(-1)
      if (!first || !second || !third || !last) throw new Error('the scene has no VMs')
      await scene.setAdmin(first, false)
      await scene.unplug(second)
      await scene.plug(second, last)
      await scene.remove(third)
      t.same(await scene.wrongs({ vids }), [])
    })

    await t.test('after another controller deleted all rules', async (t) => {
      for (const [index, host] of scene.lab.hypervisors.entries()) {
        await host.run('ovs-ofctl', '-O', PROTOCOLS[index] ?? '', 'del-flows', 'br-int')
      }
      // The flow monitor of each version reports the change, so the controller need not wait for its next comparison.
      for (const host of scene.lab.hypervisors) await scene.compared(host)
      t.same(await scene.wrongs({ vids }), [])
    })

    await t.test('a site that is destroyed takes what was learned with it', async () => {
      for (const { port } of sites) await scene.destroyPort(port)
      // A cached flow may put back what was learned, until Open vSwitch has gone through its cache. It would stay for 300 s.
      for (const host of scene.lab.hypervisors)
        await until(`${host.id} to forget it`, async () => (await learned(host)) === 0)
    })
  },
)
