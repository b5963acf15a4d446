/**
 * Guests learn their addresses by DHCP, with clients that real guests use, and by router advertisements, as the kernel accepts
 * them.
 */
import { readFile } from 'node:fs/promises'
import type { Port } from '../api.ts'
import { project } from '../cloud-state.ts'
import { DhcpClients } from '../dhcp-clients.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

const GATEWAY = '10.9.0.1'
const IPV4 = {
  prefix: '10.9.0.0/24',
  gateway_ip: GATEWAY,
  dns: ['192.0.2.53', '192.0.2.54'],
  routes: [{ destination: '10.8.0.0/16', next_hop: '10.9.0.254' }],
  pool: [{ start: '10.9.0.10', end: '10.9.0.99' }],
}

/** A lease file of dhclient. */
const remembered = (address: string) =>
  `lease { interface "eth0"; fixed-address ${address}; option subnet-mask 255.255.255.0; option dhcp-server-identifier ${GATEWAY}; renew never; rebind never; expire never; }\n`

await onStage('addresses', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const clients = await DhcpClients.in(lab)
  t.teardown(() => clients.close())
  /** A VM without an address. */
  const guest = (network: Awaited<ReturnType<typeof scene.network>>, hypervisor = h1) =>
    scene.station({ hypervisor, network, addresses: [] })
  const addressesOf = async (vm: string) =>
    (await lab.exec(vm, 'ip', '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'global')).stdout

  for (const engine of ['vlan', 'vxlan', 'geneve', 'flat'] as const) {
    await t.test(`${engine}: address, mask, gateway, DNS servers, routes and MTU by DHCP`, async (t) => {
      const network = await scene.network(engine, { ipv4: IPV4 })
      const [one, two] = [await guest(network), await guest(network, h2)]
      const [mine, theirs] = [one, two].map(({ port }) => port?.ip_addresses?.[0])
      const { told } = await clients.udhcpc(one.vm.name, 'mtu', 'staticroutes')
      t.match(told, {
        reason: 'bound',
        ip: mine,
        mask: '24',
        subnet: '255.255.255.0',
        broadcast: '10.9.0.255',
        router: GATEWAY,
        dns: '192.0.2.53 192.0.2.54',
        mtu: String(network.mtu),
        staticroutes: `10.8.0.0/16 10.9.0.254 0.0.0.0/0 ${GATEWAY}`,
        serverid: GATEWAY,
        lease: '86400',
      })
      const other = await clients.dhclient(two.vm.name)
      t.match(other.told, {
        reason: 'BOUND',
        new_ip_address: theirs,
        new_subnet_mask: '255.255.255.0',
        new_routers: GATEWAY,
        new_domain_name_servers: '192.0.2.53 192.0.2.54',
        new_interface_mtu: String(network.mtu),
        new_dhcp_renewal_time: '43200',
        new_dhcp_rebinding_time: '75600',
      })
      const ping = await lab.exec(one.vm.name, 'ping', '-c', '3', '-i', '0.2', String(theirs))
      t.equal(ping.code, 0, ping.stdout)
      for (const each of [one, two]) await scene.remove(each)
    })
  }

  await t.test('the example of docs/addresses.md', async (t) => {
    const page = await readFile(new URL('../../docs/addresses.md', import.meta.url), 'utf8')
    const examples = [...page.matchAll(/^post (\S+) '([^']*)'\n```\n\n```json\n(.*?)^```/gms)]
    t.equal(examples.length, 2)
    const made: Port[] = []
    for (const [, path = '', body = '', answer = ''] of examples) {
      made.push(await scene.api.must('POST', `/v1/projects/${project}/${path}`, JSON.parse(body)))
      t.match(made.at(-1), JSON.parse(answer), path)
    }
    const [, port] = made
    const vm = await scene.station({ hypervisor: h1, addresses: [] })
    if (port) await scene.plugInto(vm, port)
    const [, said = ''] = /^# udhcpc -i eth0\n(.*?)```/ms.exec(page) ?? []
    t.match((await clients.udhcpc(vm.vm.name)).words, said.trim())
    await lab.exec(vm.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
    await lab.exec(vm.vm.name, 'ip', 'link', 'set', 'eth0', 'up')
    await until('an address of IPv6', async () => /fd00:7::/.test(await addressesOf(vm.vm.name)))
    await scene.remove(vm)
  })

  await t.test('a VM in several networks by one VNIC has an address in each', async (t) => {
    const networks = await Promise.all(
      [10, 11].map((n) => scene.network('vxlan', { ipv4: { prefix: `10.${n}.0.0/24` } })),
    )
    const [outer, inner] = networks
    if (!outer || !inner) return
    const vm = await guest(outer)
    const sub = await scene.api.createPort(project, inner.id, {})
    const path = `/v1/projects/${project}/ports/${vm.port?.id}`
    await scene.api.must('PATCH', path, { trunk: [{ vlan_id: 7, port_id: sub.id }] })
    t.equal(await clients.raw(vm.vm.name, 'address'), vm.port?.ip_addresses?.[0])
    t.equal(await clients.raw(vm.vm.name, 'address', '7'), sub.ip_addresses?.[0], 'by its tag')
    t.equal(await clients.raw(vm.vm.name, 'address', '8'), null, 'by a tag of no port')
    await scene.remove(vm)
  })

  await t.test('a client that remembers its lease: the right address is confirmed, a wrong one refused', async (t) => {
    const network = await scene.network('vxlan', { ipv4: IPV4 })
    const vm = await guest(network)
    const [address = ''] = vm.port?.ip_addresses ?? []
    const again = await clients.dhclient(vm.vm.name, remembered(address))
    t.equal(again.told.reason, 'REBOOT', again.words)
    t.match(again.words, new RegExp(`DHCPREQUEST for ${address}[^]*DHCPACK of ${address}`))
    t.notMatch(again.words, /DHCPDISCOVER/)
    const wrong = await clients.dhclient(vm.vm.name, remembered('10.9.0.77'))
    t.match(wrong.words, new RegExp(`DHCPREQUEST for 10.9.0.77[^]*DHCPNAK[^]*DHCPDISCOVER[^]*DHCPACK of ${address}`))
    t.match(wrong.told, { reason: 'BOUND', new_ip_address: address })
    await scene.remove(vm)
  })

  for (const [where, gateway] of [
    ['that the gateway has', GATEWAY],
    ["of the controller's, where there is no gateway", null],
  ] as const) {
    await t.test(`a lease is renewed by the server's address ${where}`, async (t) => {
      const network = await scene.network('vxlan', { ipv4: { ...IPV4, routes: [], gateway_ip: gateway } })
      const vm = await guest(network)
      const router = await scene.station({ hypervisor: h2, network, addresses: [`${GATEWAY}/24`] })
      const path = `/v1/projects/${router.vnic.project}/ports/${router.port?.id}`
      await scene.api.must('PATCH', path, { allowed_address_pairs: [{ ip_prefix: GATEWAY }] })
      const client = await clients.lasting(vm.vm.name)
      const is = (reason: string) =>
        until(`the lease to be ${reason}`, async () => (await client.told()).reason === reason)
      await is('bound')
      const server = gateway ?? '169.254.0.67'
      const renewals = async () => {
        const rules = await h1.ofctl('dump-flows', 'br-int', `table=20,udp,nw_dst=${server}`)
        return Number(rules.match(/n_packets=(\d+)/)?.[1])
      }
      t.equal(await renewals(), 0)
      // A client that has no route to the server needs one.
      if (gateway === null) await lab.exec(vm.vm.name, 'ip', 'route', 'replace', server, 'dev', 'eth0')
      await client.renew()
      await is('renew')
      await until('the rule to be counted', async () => (await renewals()) > 0)
      t.match(await client.told(), { ip: vm.port?.ip_addresses?.[0], serverid: server })
      // The client renews its address, and must be refused because its port has another address now.
      await scene.api.must('PATCH', `/v1/projects/${project}/ports/${vm.port?.id}`, { ip_addresses: ['10.9.0.150'] })
      await client.renew()
      await until('the new address', async () => (await client.told()).ip === '10.9.0.150')
      t.match(await client.stop(), /received DHCP NAK/)
      for (const each of [vm, router]) await scene.remove(each)
    })
  }

  await t.test('INFORM: a client with an address of its own gets the options without a lease', async (t) => {
    const network = await scene.network('vxlan', { ipv4: IPV4 })
    const vm = await guest(network)
    const [address = ''] = vm.port?.ip_addresses ?? []
    const told = await clients.raw<Record<string, string> | null>(vm.vm.name, 'inform', address)
    t.match(told, { 53: '05', 1: 'ffffff00', 3: '0a090001', 6: 'c0000235c0000236' })
    t.notOk(told?.[51], 'no lease')
    await scene.remove(vm)
  })

  await t.test('a network without address management: the controller answers no DHCP', async (t) => {
    const network = await scene.network('vxlan')
    const vm = await guest(network)
    t.same(vm.port?.ip_addresses, [])
    t.notMatch(await h1.ofctl('dump-flows', 'br-int', 'udp'), /CONTROLLER/)
    t.same(await clients.raw(vm.vm.name, 'lease', '1'), [null])
    await scene.remove(vm)
  })

  for (const mode of ['slaac', 'dhcpv6-stateless'] as const) {
    await t.test(`IPv6 by ${mode}`, async (t) => {
      const network = await scene.network('vlan', { ipv6: { prefix: 'fd09::/64', mode, dns: ['fd53::53'] } })
      const [one, two] = [await guest(network), await guest(network)]
      const made = new Map<string, string>()
      for (const { vm } of [one, two]) {
        await lab.exec(vm.name, 'ip', 'link', 'set', 'eth0', 'down')
        await lab.exec(vm.name, 'ip', 'link', 'set', 'eth0', 'up')
        const address = await until(
          `${vm.name} to have an address`,
          async () => (await addressesOf(vm.name)).match(/inet6 (fd09::[^/]+)\/64/)?.[1],
        )
        made.set(vm.name, address)
      }
      const routes = (await lab.exec(one.vm.name, 'ip', '-6', 'route')).stdout
      t.notMatch(routes, /default/, 'no router is offered')
      const target = made.get(two.vm.name) ?? ''
      const ping = await lab.exec(one.vm.name, 'ping', '-c', '2', '-i', '0.2', target)
      t.equal(ping.code, 0, ping.stdout)
      // The other VM does not get the request: the switch knows the address that it has derived.
      await lab.exec(two.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
      await lab.exec(one.vm.name, 'ip', 'neigh', 'flush', 'all')
      await lab.exec(one.vm.name, 'ping', '-c', '1', '-W', '1', target)
      const neighbour = (await lab.exec(one.vm.name, 'ip', 'neigh', 'show', target)).stdout
      t.match(neighbour, `lladdr ${two.vnic.mac_address}`)
      if (mode === 'slaac') t.notMatch(await h1.ofctl('dump-flows', 'br-int', 'udp6'), /CONTROLLER/)
      else {
        const { told, words } = await clients.dhclient6(one.vm.name)
        t.match(told, { new_dhcp6_name_servers: 'fd53::53', new_dhcp6_info_refresh_time: '86400' }, words)
      }
      for (const each of [one, two]) await scene.remove(each)
    })
  }
})
