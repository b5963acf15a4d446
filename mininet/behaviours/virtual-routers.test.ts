/** Virtual routers (VRRP): keepalived, as Debian packages it, in two VMs with known addresses and allowed address pairs. */
import type { Background } from '../background.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'
import { ROUTER, routerPairs, startRouter } from '../virtual-router.ts'

/** Pings at this interval measure a pause. */
const PING_INTERVAL_MS = 100
/** The longest pause of a failover: three advertisements of one second, and the skew. */
const MAX_PAUSE_MS = 4000

await onStage('virtual routers', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const virtual = [ROUTER.ipv4, ROUTER.ipv6]

  for (const { engine, vmac, version } of [
    { engine: 'vxlan', vmac: true, version: 3 },
    { engine: 'vlan', vmac: true, version: 2 },
    { engine: 'vxlan', vmac: false, version: 2 },
    { engine: 'vlan', vmac: false, version: 3 },
  ] as const) {
    const how = vmac ? 'with MAC addresses of the router' : 'with their own MAC addresses'
    await t.test(
      `B87 ${engine}: two guests with keepalived, ${how}, VRRP ${version}: one master, and failover`,
      async (t) => {
        const network = await scene.network(engine)
        const station = async (n: number, hypervisor: typeof h1) => {
          const addresses = [`10.9.0.${n}`, `fd09::${n}`]
          const made = await scene.station({ hypervisor, network, addresses: [`10.9.0.${n}/16`, `fd09::${n}/64`] })
          const path = `/v1/projects/${made.vnic.project}/ports/${made.port?.id}`
          return { made, set: (body: object) => scene.api.must('PATCH', path, { ip_addresses: addresses, ...body }) }
        }
        const [first, second] = [await station(1, h1), await station(2, h2)]
        const clients = [(await station(3, h1)).made, (await station(4, h2)).made]
        for (const router of [first, second]) await router.set({ allowed_address_pairs: routerPairs(vmac) })

        const has = async ({ vm }: Station) => {
          const { stdout } = await lab.exec(vm.name, 'ip', '-brief', 'address', 'show')
          return virtual.map((address) => stdout.includes(`${address}/`))
        }
        const isMaster = (station: Station) =>
          until(`${station.vm.name} to be master`, async () => {
            return (await has(station)).every(Boolean)
          })
        const reachable = (from: Station) =>
          until(`${from.vm.name} to reach the virtual router`, async () => {
            for (const address of virtual) {
              if ((await lab.exec(from.vm.name, 'ping', '-c', '1', '-W', '1', address)).code !== 0) return false
            }
            return true
          })
        const routers: Background[] = []
        const start = async ({ made }: typeof first, priority: number) => {
          routers.push(await startRouter(lab, { vm: made.vm.name, priority, version, vmac }))
        }

        await start(first, 250)
        await isMaster(first.made)
        await start(second, 200)
        await until('the second router to listen', async () => {
          return ((await routers[1]?.printed()) ?? '').split('Entering BACKUP STATE').length === 3
        })
        for (const client of clients) await reachable(client)
        // A backup that hears no advertisement becomes master after four seconds at most.
        const watch = await lab.background(clients[1]?.vm.name ?? '', 'ping', '-i', '0.1', '-w', '6', ROUTER.ipv4)
        await until('six seconds of pings', async () => /packets transmitted/.test(await watch.printed()))
        t.same(await has(first.made), [true, true], 'the first router is master')
        t.same(await has(second.made), [false, false], 'and the only one')
        t.notMatch(await routers[1]?.printed(), /Entering MASTER STATE/, 'the second one heard every advertisement')

        const pings: Background[] = []
        for (const { vm } of clients) {
          for (const address of virtual)
            pings.push(await lab.background(vm.name, 'ping', '-O', '-i', String(PING_INTERVAL_MS / 1000), address))
        }
        await until('pings to flow', async () => {
          return (await Promise.all(pings.map((ping) => ping.printed()))).every((text) => /icmp_seq=5 ttl/.test(text))
        })
        await lab.exec(first.made.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
        await isMaster(second.made)
        for (const client of clients) await reachable(client)
        for (const ping of pings) {
          const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(await ping.stop()) ?? []
          const lost = Number(sent) - Number(received)
          t.ok(lost * PING_INTERVAL_MS < MAX_PAUSE_MS, `${lost} of ${sent} pings lost`)
        }

        await lab.exec(first.made.vm.name, 'ip', 'link', 'set', 'eth0', 'up')
        await lab.exec(first.made.vm.name, 'ip', 'addr', 'replace', 'fd09::1/64', 'dev', 'eth0')
        await isMaster(first.made)
        await until('the second router to give way', async () => (await has(second.made)).every((one) => !one))
        for (const client of clients) await reachable(client)
        for (const router of routers) await router.stop()
        for (const each of [...scene.stations.values()]) await scene.remove(each)
      },
    )
  }
})
