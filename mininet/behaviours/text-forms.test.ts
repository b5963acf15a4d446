/** Text forms of addresses: what the API takes works on real switches, whatever form it was written in, and the rest is refused. */

import { project } from '../cloud-state.ts'
import { DhcpClients } from '../dhcp-clients.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

const IPV4 = { prefix: '10.60.0.0/24', gateway_ip: '10.60.0.1', dns: ['9.9.9.9'] }
const IPV6 = { prefix: 'FD60:0:0:0::/64', mode: 'dhcpv6-stateless', dns: ['FD60:0::0.0.0.35'] }

/** Forms of IPv4 addresses that some parser takes. */
const ODD = [
  '::ffff:10.60.0.9',
  '::FFFF:a3c:9',
  'fd60::10.60.0.9',
  '010.60.0.9',
  '0xa.60.0.9',
  '10.60.9',
  '10.60.0.9/32',
]

await onStage('text forms', { hypervisors: 2 }, async (t, scene) => {
  const { lab, api } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const clients = await DhcpClients.in(lab)
  t.teardown(() => clients.close())
  const refused = async (path: string, body: object) => {
    const { status, body: problem } = await api.ask<{ field?: string }>('POST', `/v1/projects/${project}/${path}`, body)
    return [status, problem.field]
  }

  await t.test(
    'B60 an odd form of an address is refused by its field, and a network that was taken serves its VMs',
    async (t) => {
      for (const text of ODD) {
        const network = (ipv4: object) => refused('networks', { engine: 'vxlan', ipv4: { ...IPV4, ...ipv4 } })
        t.same(await network({ dns: [text] }), [400, 'ipv4.dns'], text)
        t.same(await network({ gateway_ip: text }), [400, 'ipv4.gateway_ip'], text)
        t.same(await network({ pool: [{ start: text, end: '10.60.0.99' }] }), [400, 'ipv4.pool'], text)
        t.same(await network({ routes: [{ destination: '10.61.0.0/16', next_hop: text }] }), [400, 'ipv4.routes'], text)
      }
      const network = await scene.network('vxlan', { ipv4: IPV4, ipv6: IPV6 })
      t.match(network, { ipv6: { prefix: 'fd60::/64', dns: ['fd60::23'] } })
      const [one, two] = [
        await scene.station({ hypervisor: h1, network, addresses: [] }),
        await scene.station({ hypervisor: h2, network, addresses: [] }),
      ]
      const { told } = await clients.udhcpc(one.vm.name)
      t.match(told, { ip: one.port?.ip_addresses?.[0], router: '10.60.0.1', dns: '9.9.9.9' })
      t.match((await clients.udhcpc(two.vm.name)).told, { ip: two.port?.ip_addresses?.[0] })
      for (const state of ['down', 'up']) await lab.exec(one.vm.name, 'ip', 'link', 'set', 'eth0', state)
      await until('an address of the prefix', async () =>
        /inet6 fd60::/.test((await lab.exec(one.vm.name, 'ip', 'addr', 'show', 'dev', 'eth0')).stdout),
      )
      t.match((await clients.dhclient6(one.vm.name)).told, { new_dhcp6_name_servers: 'fd60::23' })
      const ping = await lab.exec(one.vm.name, 'ping', '-c', '3', '-i', '0.2', String(two.port?.ip_addresses?.[0]))
      t.equal(ping.code, 0, ping.stdout)
      for (const each of [one, two]) await scene.remove(each)
    },
  )

  await t.test('B60 a VM sends as the addresses that its port was given in any form, and as no other', async (t) => {
    const network = await scene.network('vlan')
    const at = (n: number, hypervisor: typeof h1) =>
      scene.station({ hypervisor, network, addresses: [`10.62.0.${n}/24`, `fd62::${n}/64`] })
    const [one, two] = [await at(5, h1), await at(6, h2)]
    const path = `/v1/projects/${project}/ports/${one.port?.id}`
    for (const text of ['::ffff:10.62.0.5', '010.62.0.5', 'fd62::5%eth0', '[fd62::5]', '10.62.0.5 '])
      t.match(
        await api.ask('PATCH', path, { ip_addresses: [text] }),
        { status: 400, body: { field: 'ip_addresses' } },
        text,
      )
    const given = { ip_addresses: ['10.62.0.5'], allowed_address_pairs: [{ ip_prefix: 'FD62:0:0::0.0.0.5' }] }
    t.match(await api.must('PATCH', path, given), {
      ip_addresses: ['10.62.0.5'],
      allowed_address_pairs: [{ ip_prefix: 'fd62::5' }],
    })
    await lab.settle()
    const pings = async (from: string, to: string) =>
      (await lab.exec(one.vm.name, 'ping', '-c', '2', '-i', '0.2', '-W', '1', '-I', from, to)).code === 0
    await lab.exec(one.vm.name, 'ip', 'addr', 'add', '10.62.0.7/24', 'dev', 'eth0')
    t.equal(await pings('10.62.0.5', '10.62.0.6'), true)
    t.equal(await pings('fd62::5', 'fd62::6'), true)
    t.equal(await pings('10.62.0.7', '10.62.0.6'), false, 'an address that it was not given')
    for (const each of [one, two]) await scene.remove(each)
  })

  await t.test(
    'B60 a host with an odd tunnel address has a condition that repeats it, and tunnels when it is right',
    async (t) => {
      for (const text of [`::ffff:${h2.encapIp}`, `${h2.encapIp}/24`, `0${h2.encapIp}`, `[${h2.encapIp}]`]) {
        await h2.setExternalIds({ 'plugboard-encap-ip': text })
        const said = await until(`condition bad-encap-ip for ${text}`, async () =>
          (await scene.hypervisor(h2.id)).conditions.find(
            ({ code, message }) => code === 'bad-encap-ip' && message.includes(`"${text}"`),
          ),
        )
        t.match(said.message, /it must be an IPv4 or IPv6 address of this host/)
      }
      await h2.setExternalIds({ 'plugboard-encap-ip': h2.encapIp })
      await scene.condition(h2.id, 'bad-encap-ip', false)
      await h2.tunnelsReady()
      const network = await scene.network('geneve')
      const [one, two] = [
        await scene.station({ hypervisor: h1, network, addresses: ['10.63.0.1/24'] }),
        await scene.station({ hypervisor: h2, network, addresses: ['10.63.0.2/24'] }),
      ]
      const ping = await lab.exec(one.vm.name, 'ping', '-c', '3', '-i', '0.2', '10.63.0.2')
      t.equal(ping.code, 0, ping.stdout)
      for (const each of [one, two]) await scene.remove(each)
    },
  )
})
