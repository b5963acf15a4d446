/** NATed IPv4 networks: VMs reach each other and hosts of the physical network by floating addresses, and in no other way. */

import { project } from '../cloud-state.ts'
import { ping } from '../experiment.ts'
import {
  askForAddress,
  BEYOND,
  floatingConfig,
  must,
  natCloud,
  natStation,
  pings,
  sendDatagram,
} from '../nat-ground.ts'
import { onStage } from '../onstage.ts'
import { deliver, frameProbes } from '../probes.ts'

/** The octets of 100.64 in a frame: an address of the private side. */
const PRIVATE = /6440/

/** Receives data over TCP, and prints its length and its digest. */
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

await onStage('NATed IPv4 networks', { hypervisors: 2, config: floatingConfig() }, async (t, scene) => {
  const { lab } = scene
  const { a, b, c } = await natCloud(scene)
  const all = [a, b, c]

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

  await t.test('all VMs reach each other by floating address, also with fragments', async (t) => {
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
      t.equal(await sendDatagram(lab, from, to, 9), 'refused', `${from} to ${to}`)
      t.equal(await sendDatagram(lab, from, to, 9, 4000), 'refused', `${from} to ${to} in fragments`)
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

  await t.test('no frame crosses between VMs, and none leaves untranslated', async (t) => {
    const frames = frameProbes(lab.vms, ({ name }) => name)
    t.same((await deliver(lab, frames, { segmentsOf: () => [] })).wrong, [])
    const privately = [c, b].map(({ port }, index) => ping(index + 1, a.vm.name, String(port.private_address), []))
    t.same((await deliver(lab, privately)).wrong, [], 'nobody has the private address of another VM')
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
    const { wrong, arrivals } = await deliver(lab, sends, { segmentsOf: () => ['fabric1 vlan 50'] })
    t.same(wrong, [])
    t.ok(arrivals.some(({ tap }) => tap.startsWith('fabric')))
    t.equal((await scene.api.ask('POST', `/v1/projects/${project}/networks`, { segment: { vlan_id: 50 } })).status, 409)
  },
)
