/** NATed IPv4 networks: VMs reach each other and hosts of the physical network by floating address, and by nothing else. */
import { setTimeout as pause } from 'node:timers/promises'
import { differences, ping } from '../experiment.ts'
import { strays } from '../fabric.ts'
import {
  askForAddress,
  BEYOND,
  floatingConfig,
  must,
  type NatStation,
  natStation,
  pings,
  ROUTER,
  startRouter,
} from '../nat-ground.ts'
import { onStage } from '../onstage.ts'
import { frameProbes } from '../probes.ts'
import { project } from '../scene.ts'
import { until } from '../until.ts'

/** 100.64 in a frame: an address of the private side. */
const PRIVATE = /6440/

/** One datagram from one place to another, whose port is closed or where somebody listens; prints what comes of it. */
const SEND = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.bind(('', int(sys.argv[3])))
s.connect((sys.argv[1], int(sys.argv[2])))
s.send(b'x' * int(sys.argv[4]))
try:
    print(s.recv(2000).decode())
except ConnectionRefusedError:
    print('refused')
except TimeoutError:
    print('nothing')
`
/** Takes what comes by TCP, and says what it was: how long, and its digest. */
const RECEIVE = `
import hashlib, socket
s = socket.create_server(('', 5000))
while True:
    c, _ = s.accept()
    data = b''
    while chunk := c.recv(65536): data += chunk
    c.sendall(('%d %s' % (len(data), hashlib.sha256(data).hexdigest())).encode())
    c.close()
`
const TRANSMIT = `
import hashlib, os, socket, sys, time
data = os.urandom(2 ** 20)
for _ in range(100):
    try:
        c = socket.create_connection((sys.argv[1], 5000), 5)
        break
    except ConnectionRefusedError:
        time.sleep(0.05)
c.settimeout(20)
c.sendall(data)
c.shutdown(socket.SHUT_WR)
length, digest = c.recv(1000).decode().split()
print(length, 'octets,', 'the same' if digest == hashlib.sha256(data).hexdigest() else 'others')
`
/** Looks for hosts that are not there, as fast as it can. */
const SEARCH = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    for n in range(2, 60):
        s.sendto(b'x', ('203.0.113.%d' % n, 9))
`
/** Answers datagrams with the address that they came from. */
const MIRROR = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('${BEYOND}', 4000))
while True:
    data, peer = s.recvfrom(9000)
    s.sendto(('from %s' % peer[0]).encode(), peer)
`

await onStage('NATed IPv4 networks', { hypervisors: 2, config: floatingConfig() }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  await startRouter(lab)
  const one = await scene.network('nat-ipv4', { address_prefix: '203.0.113.64/26', dns: ['9.9.9.9'] })
  const other = await scene.network('nat-ipv4', { address_prefix: '203.0.113.128/26' })
  const a = await natStation(scene, h1, one)
  const b = await natStation(scene, h1, other)
  const c = await natStation(scene, h2, one)
  const all = [a, b, c]
  const datagram = async (from: string, to: string, port: number, octets = 5, source = 4001) =>
    (await must(lab, from, 'python3', '-c', SEND, to, String(port), String(source), String(octets))).trim()

  await t.test('the first packet gets through: to another hypervisor, and to what is beyond the router', async (t) => {
    t.equal(await pings(lab, a.vm.name, c.address), 1)
    t.equal(await pings(lab, c.vm.name, b.address), 1)
    t.equal(await pings(lab, b.vm.name, BEYOND), 1)
  })

  await t.test('the lease says address, mask, router, name server and MTU', async (t) => {
    t.equal(
      await askForAddress(lab, a.vm.name),
      'lease 100.64.0.2/16 router 100.64.0.1 dns 9.9.9.9 mtu 1500 server 100.64.0.1',
    )
  })

  await t.test('everybody reaches everybody by floating address, in fragments, too', async (t) => {
    for (const from of [...all.map(({ vm }) => vm.name), 'outside']) {
      for (const to of all.filter(({ vm }) => vm.name !== from)) {
        t.equal(await pings(lab, from, to.address), 1, `${from} to ${to.vm.name}`)
        t.equal(await pings(lab, from, to.address, 1, '-s', '4000'), 1, `${from} to ${to.vm.name} in fragments`)
      }
      if (from === 'outside') continue
      t.equal(await pings(lab, from, BEYOND, 1, '-s', '4000'), 1, `${from} beyond the router in fragments`)
      t.equal(await pings(lab, from, '100.64.0.1'), 1, `${from} to its gateway`)
    }
  })

  await t.test('ICMP errors are translated, their inner headers too', async (t) => {
    for (const [from, to] of [
      [a.vm.name, BEYOND],
      ['outside', a.address],
      [a.vm.name, b.address],
      [a.vm.name, c.address],
    ] as const) {
      t.equal(await datagram(from, to, 9), 'refused', `${from} to ${to}`)
      t.equal(await datagram(from, to, 9, 4000), 'refused', `${from} to ${to} in fragments`)
    }
  })

  await t.test('TCP, in both directions', async (t) => {
    for (const [from, to, at] of [
      [a.vm.name, 'outside', BEYOND],
      ['outside', a.vm.name, a.address],
      [a.vm.name, b.vm.name, b.address],
      [b.vm.name, c.vm.name, c.address],
    ] as const) {
      const server = await lab.background(to, 'python3', '-c', RECEIVE)
      const sent = await must(lab, from, 'python3', '-c', TRANSMIT, at)
      t.equal(sent.trim(), `${2 ** 20} octets, the same`, `${from} to ${to}`)
      await server.stop()
    }
  })

  await t.test('no frame crosses between VMs, and none leaves as it is', async (t) => {
    const sends = frameProbes(lab.vms, ({ name }) => name)
    const arrivals = await lab.experiment(sends)
    t.same(
      differences(
        sends,
        arrivals,
        lab.vms.map(({ name }) => name),
      ),
      [],
    )
    t.same(strays(sends, arrivals, { segmentsOf: () => [] }), [])
    const privately = [c, b].map(({ port }, index) => ping(index + 1, a.vm.name, String(port.private_address), []))
    t.same(
      differences(
        privately,
        await lab.experiment(privately),
        lab.vms.map(({ name }) => name),
      ),
      [],
    )
  })

  await t.test('private addresses never leave the hypervisor', async (t) => {
    const sends = [ping(1, a.vm.name, BEYOND, []), ping(2, a.vm.name, c.address, [c.vm.name])]
    const arrivals = await lab.experiment(sends)
    const outside = arrivals.filter(({ tap }) => tap.startsWith('fabric') || tap.startsWith('outside'))
    t.ok(outside.length >= 4, `${outside.length} frames were seen on the physical network`)
    t.same(
      outside.filter(({ hex }) => PRIVATE.test(hex)),
      [],
    )
  })

  await t.test('a guest that looks for hosts that are not there drowns nobody', async (t) => {
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

  await t.test('a VM that moves keeps its floating address, and is found at once', async (t) => {
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
    const ask = () => datagram(a.vm.name, BEYOND, 4000, 5, 4002)
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

  await t.test('B34 so is another host that is known', async (t) => {
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
    t.equal(await pings(lab, 'outside', a.address), 1)
    await pause(500)
    await scene.controller.start()
    await scene.connected()
    t.match(await running.stop(), / 0% packet loss/)
    t.same(
      (await h1.rules()).filter((rule) => !rule.includes('table=26')),
      before,
    )
    t.same(
      (await changes()).filter((line) => !line.includes('PACKET_OUT')),
      [],
    )
  })

  await t.test('to no rule at all', async (t) => {
    const ports: NatStation[] = all
    for (const station of ports) await scene.remove(station)
    for (const host of [h1, h2])
      await until(`${host.id} to have no rule`, async () => (await host.rules()).length === 0)
    t.pass('what the switches had learned is gone, too')
  })
})

await onStage(
  'floating addresses in a VLAN',
  { hypervisors: 2, config: floatingConfig('vlan: 50') },
  async (t, scene) => {
    const { lab } = scene
    const network = await scene.network('nat-ipv4', { address_prefix: '203.0.113.0/24' })
    const a = await natStation(scene, lab.hypervisor(1), network)
    const b = await natStation(scene, lab.hypervisor(2), network)
    t.equal(await pings(lab, a.vm.name, b.address), 1)
    t.equal(await pings(lab, b.vm.name, a.address, 1, '-s', '4000'), 1)
    const sends = [ping(1, a.vm.name, b.address, [b.vm.name])]
    const arrivals = await lab.experiment(sends)
    t.same(strays(sends, arrivals, { segmentsOf: () => ['fabric1 vlan 50'] }), [])
    t.ok(arrivals.some(({ tap }) => tap.startsWith('fabric')))
    t.equal((await scene.api.ask('POST', `/v1/projects/${project}/networks`, { segment: { vlan_id: 50 } })).status, 409)
  },
)
