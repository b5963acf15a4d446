/** NATed IPv4 networks during changes: of ports, of the places of VMs, of the MAC addresses of hosts, and of the controller. */

import { project } from '../cloud-state.ts'
import { askForAddress, BEYOND, floatingConfig, must, natCloud, pings, ROUTER, sendDatagram } from '../nat-ground.ts'
import { onStage } from '../onstage.ts'
import { lostPings } from '../table.ts'
import { until } from '../until.ts'

/** Sends packets to absent hosts as fast as it can. */
const SEARCH = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    for n in range(2, 60):
        s.sendto(b'x', ('203.0.113.%d' % n, 9))
`
/** Answers each datagram with the address that it came from. */
const MIRROR = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('${BEYOND}', 4000))
while True:
    data, peer = s.recvfrom(9000)
    s.sendto(('from %s' % peer[0]).encode(), peer)
`

await onStage('NATed IPv4 networks that change', { hypervisors: 2, config: floatingConfig() }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const { a, b, c } = await natCloud(scene)

  await t.test('a guest that searches for absent hosts does not keep others from being served', async (t) => {
    const meter = 4 * Number((await scene.show(a.vnic.id)).binding?.ofport) + 3
    const counters = async () => {
      const stats = await h1.ofctl('meter-stats', 'br-int', `meter=${meter}`)
      const [seen = 0, dropped = 0] = [...stats.matchAll(/packet_(?:in_)?count[:=](\d+)/g)].map(([, n]) => Number(n))
      return { seen, dropped }
    }
    const search = await lab.background(a.vm.name, 'python3', '-c', SEARCH)
    await until('the search to be held back', async () => (await counters()).dropped > 500)
    for (let n = 0; n < 5; n++) t.match(await askForAddress(lab, b.vm.name), /^lease 100\.64\.0\.2/)
    t.equal(await pings(lab, b.vm.name, BEYOND), 1)
    t.equal(await pings(lab, 'outside', c.address), 1)
    await search.stop()
    const { seen, dropped } = await counters()
    t.ok(seen > 1000 && dropped > seen / 2, `of ${seen} packets for the controller ${dropped} were dropped`)
  })

  await t.test('B21 a port that is down has no address', async (t) => {
    await scene.setAdmin(a, false)
    t.equal(await pings(lab, 'outside', a.address), 0)
    await scene.setAdmin(a, true)
    t.equal(await pings(lab, 'outside', a.address), 1)
  })

  await t.test('a VM that moves keeps its floating address and is reached at once', async (t) => {
    await scene.move(c, h1)
    await askForAddress(lab, c.vm.name)
    t.equal(await pings(lab, 'outside', c.address), 1)
    t.equal(await pings(lab, c.vm.name, BEYOND), 1)
    t.equal(await pings(lab, a.vm.name, c.address), 1, 'on one hypervisor now')
    await scene.move(c, h2)
    await askForAddress(lab, c.vm.name)
    t.equal(await pings(lab, a.vm.name, c.address), 1, 'apart again')
  })

  await t.test('connections of a former port do not translate for the next one with the same interface', async (t) => {
    const mirror = await lab.background('outside', 'python3', '-c', MIRROR)
    const ask = () => sendDatagram(lab, a.vm.name, BEYOND, 4000, 5, 4002)
    await until('the mirror to answer', async () => (await ask()) === `from ${a.address}`)
    const third = await scene.network('nat-ipv4', { address_prefix: '203.0.113.192/26' })
    const next = await scene.api.createPort(project, third.id)
    t.equal(next.private_address, a.port?.private_address, 'the guest sends the same five-tuple')
    const home = a.port
    await scene.unplug(a)
    await scene.plugInto(a, next)
    t.equal(await ask(), `from ${next.floating_address}`)
    await mirror.stop()
    await scene.unplug(a)
    await scene.plugInto(a, home)
    await askForAddress(lab, a.vm.name)
  })

  await t.test('a router with another MAC address is found', async (t) => {
    await must(lab, 'outside', 'ip', 'link', 'set', 'eth1', 'address', '02:99:00:00:00:02')
    await must(lab, 'outside', 'ip', 'neigh', 'flush', 'all')
    await until('the router to be found', async () => (await pings(lab, b.vm.name, BEYOND)) === 1)
    t.equal(await pings(lab, b.vm.name, ROUTER), 1)
  })

  await t.test(
    'B34 a router that says that it has another MAC address is known at once, without the controller',
    async (t) => {
      await scene.controller.stop('SIGKILL')
      await must(lab, 'outside', 'sysctl', '-q', '-w', 'net.ipv4.conf.eth1.arp_notify=1')
      await must(lab, 'outside', 'ip', 'link', 'set', 'eth1', 'address', '02:99:00:00:00:03')
      await until('the router to be known', async () => (await pings(lab, b.vm.name, BEYOND)) === 1)
      t.equal(await pings(lab, a.vm.name, BEYOND), 1)
      await scene.controller.start()
      await scene.connected()
    },
  )

  await t.test('B34 another known host with a new MAC address is known at once, too', async (t) => {
    const host = '203.0.113.2'
    await must(lab, 'outside', 'ip', 'addr', 'add', `${host}/24`, 'dev', 'eth1')
    t.equal(await pings(lab, b.vm.name, host), 1)
    await scene.controller.stop('SIGKILL')
    await must(lab, 'outside', 'ip', 'link', 'set', 'eth1', 'address', '02:99:00:00:00:04')
    await until('the host to be known', async () => (await pings(lab, b.vm.name, host)) === 1)
    const learned = (await h1.rules()).filter((rule) => rule.includes('table=26'))
    const forgets = (octets: string) =>
      learned.filter((rule) => rule.includes(octets)).map((rule) => rule.includes('idle_timeout=300'))
    t.same([forgets('reg7=0xcb007101'), forgets('reg7=0xcb007102')], [[false], [true]], 'the router is not forgotten')
    await scene.controller.start()
    await scene.connected()
  })

  await t.test('B30, B34 the controller is killed: nothing is lost, and no rule touched when it is back', async (t) => {
    const changes = await h1.watchChanges()
    const before = (await h1.rules()).filter((rule) => !rule.includes('table=26'))
    const running = await lab.background(b.vm.name, 'ping', '-n', '-i', '0.05', BEYOND)
    await scene.controller.stop('SIGKILL')
    t.equal(await pings(lab, 'outside', a.address, 3), 3)
    await scene.controller.start()
    await scene.connected()
    const { answered, lost } = lostPings(await running.stop())
    t.ok(answered > 0, `${answered} pings were answered`)
    t.equal(lost, 0)
    t.same(
      (await h1.rules()).filter((rule) => !rule.includes('table=26')),
      before,
    )
    t.same(
      (await changes()).filter((line) => !line.includes('PACKET_OUT')),
      [],
    )
  })

  await t.test('when every VM is gone, no rule is left', async (t) => {
    for (const station of [a, b, c]) await scene.remove(station)
    for (const host of [h1, h2])
      await until(`${host.id} to have no rule`, async () => (await host.rules()).length === 0)
    t.pass('what the switches had learned is gone, too')
  })
})
