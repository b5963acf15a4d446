/** What boot loaders and clients of DHCPv6 are told, by clients of Debian and by raw frames. */
import { project } from '../cloud-state.ts'
import { DhcpClients } from '../dhcp-clients.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

const IPV4 = {
  prefix: '10.63.0.0/24',
  gateway_ip: '10.63.0.1',
  routes: [{ destination: '10.64.0.0/16', next_hop: '10.63.0.9' }],
  dhcp_options: [
    { code: 66, value: '10.63.0.3' },
    { code: 67, value: 'pxelinux.0' },
    { code: 67, value: 'ipxe.efi', architecture: 7 },
    { code: 150, value: '10.63.0.3,10.63.0.4' },
    { code: 'next_server', value: '10.63.0.5' },
  ],
}
const hex = (text: string) => Buffer.from(text).toString('hex')

await onStage('booting', { hypervisors: 1 }, async (t, scene) => {
  const { lab } = scene
  const h1 = lab.hypervisor(1)
  const clients = await DhcpClients.in(lab)
  t.teardown(() => clients.close())

  for (const engine of ['vlan', 'vxlan'] as const) {
    await t.test(
      `B63 ${engine}: a boot loader gets its server and file by architecture, and a port has its own`,
      async (t) => {
        const network = await scene.network(engine, { ipv4: IPV4 })
        const vm = await scene.station({ hypervisor: h1, network, addresses: [] })
        const boot = (architecture: number) =>
          clients.raw<Record<string, string>>(vm.vm.name, 'boot', String(architecture))
        const options = { 66: hex('10.63.0.3'), 150: '0a3f00030a3f0004' }
        const header = { siaddr: '10.63.0.5', sname: '10.63.0.3' }
        const bios = await boot(0)
        t.match(bios, { ...header, ...options, file: 'pxelinux.0', 67: hex('pxelinux.0') })
        t.equal(bios[249], bios[121], 'routes for Windows, which was asked for')
        t.ok(bios[249])
        t.match(await boot(7), { ...header, ...options, file: 'ipxe.efi', 67: hex('ipxe.efi') })
        const { told } = await clients.udhcpc(vm.vm.name, 'tftp', 'bootfile')
        t.match(told, { siaddr: '10.63.0.5', boot_file: 'pxelinux.0', tftp: '10.63.0.3', bootfile: 'pxelinux.0' })
        const lease = await clients.dhclient(vm.vm.name)
        t.match(lease.told, { reason: 'BOUND', new_filename: 'pxelinux.0', new_next_server: '10.63.0.5' })

        const path = `/v1/projects/${project}/ports/${vm.port?.id}`
        const own = [{ code: 67, value: 'rescue.0' }]
        await scene.api.must('PATCH', path, { ipv4: { dhcp_options: own } })
        for (const architecture of [0, 7])
          t.match(await boot(architecture), { ...header, ...options, file: 'rescue.0', 67: hex('rescue.0') })
        await scene.api.must('PATCH', path, { ipv4: { dhcp_options: [] } })
        t.match(await boot(7), { file: 'ipxe.efi' })
        await scene.remove(vm)
      },
    )
  }

  await t.test(
    'B64 dhclient solicits an address: it is told that there is none, and uses the one that it has made',
    async (t) => {
      const network = await scene.network('vxlan', {
        ipv6: { prefix: 'fd64::/64', mode: 'dhcpv6-stateless', dns: ['fd53::53'] },
      })
      const vm = await scene.station({ hypervisor: h1, network, addresses: [] })
      for (const state of ['down', 'up']) await lab.exec(vm.vm.name, 'ip', 'link', 'set', 'eth0', state)
      await until('an address of the prefix', async () =>
        /inet6 fd64::/.test((await lab.exec(vm.vm.name, 'ip', 'addr', 'show', 'dev', 'eth0')).stdout),
      )
      const words = await clients.solicit6(vm.vm.name, 6)
      t.match(words, /RCV: Advertise message on eth0 from fe80::/)
      t.match(words, /Status code of no addrs/)
      t.match((await clients.dhclient6(vm.vm.name)).told, { new_dhcp6_name_servers: 'fd53::53' })
      await scene.remove(vm)
    },
  )
})
