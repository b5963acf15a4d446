/** Hypervisors whose integration bridge allows one version of OpenFlow each, in one cloud: the whole matrix is the same. */
import { onStage } from './onstage.ts'
import type { Scene } from './scene.ts'

/** By hypervisor; as the column `protocols` has it. */
const PROTOCOLS = ['OpenFlow13', 'OpenFlow14', 'OpenFlow15'] as const
const ENGINES = ['vlan', 'vxlan'] as const

/** The connections that `ovs-vswitchd` itself tells of, and their versions. */
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

await onStage(
  'hypervisors of OpenFlow 1.3, 1.4 and 1.5 in one cloud',
  {
    hypervisors: PROTOCOLS.length,
    prepare: async (host) => {
      const protocols = `protocols=${PROTOCOLS[Number(host.id.slice(1)) - 1]}`
      await host.vsctl('add-br', 'br-int', '--', 'set', 'bridge', 'br-int', 'datapath_type=netdev', protocols)
    },
  },
  async (t, scene) => {
    t.same(await spoken(scene), PROTOCOLS, 'each bridge allows its version alone')
    const networks = await Promise.all([...ENGINES, ...ENGINES].map((engine) => scene.network(engine)))
    const vids = networks.flatMap(({ segment }) => segment.vlan_id ?? [])
    for (const network of networks) {
      for (const hypervisor of scene.lab.hypervisors) await scene.station({ hypervisor, network })
    }
    await t.test('as it was made', async (t) => {
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

    await t.test('after somebody else took all rules away', async (t) => {
      for (const [index, host] of scene.lab.hypervisors.entries()) {
        await host.run('ovs-ofctl', '-O', PROTOCOLS[index] ?? '', 'del-flows', 'br-int')
      }
      // The flow monitor of each version tells of it: the audit comes within a second, not after a minute.
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      t.same(await scene.wrongs({ vids }), [])
    })
  },
)
