/** NATed IPv4 networks: VMs reach each other and hosts of the physical network by floating address, and by nothing else. */
import t from 'tap'
import type { Network, Port } from '../api.ts'
import type { Hypervisor } from '../hypervisor.ts'
import type { Lab } from '../lab.ts'
import { whyNoLab } from '../lab.ts'
import { project, type Scene, type Station, startScene } from '../scene.ts'

const skip = whyNoLab() ?? false
const ROUTER = '203.0.113.1'
const BEYOND = '198.51.100.1'

const config = `
physical_networks:
  physnet1:
    vlans: 100-4000
    floating:
      - { prefix: 203.0.113.0/24, gateway_ip: ${ROUTER} }
`

/** A router of the physical network, and somebody behind it. */
async function startRouter(lab: Lab): Promise<void> {
  await lab.exec('outside', 'ip', 'addr', 'add', `${ROUTER}/24`, 'dev', 'eth1')
  await lab.exec('outside', 'ip', 'addr', 'add', `${BEYOND}/32`, 'dev', 'lo')
  await lab.exec('outside', 'ip', 'link', 'set', 'lo', 'up')
}

async function natStation(
  scene: Scene,
  hypervisor: Hypervisor,
  network: Network,
  wish: Record<string, unknown> = {},
): Promise<Station & { port: Port }> {
  const port = await scene.api.createPort(project, network.id, wish)
  const station = await scene.station({ hypervisor, addresses: [`${port.private_address}/16`] })
  await scene.lab.exec(station.vm.name, 'ip', 'route', 'add', 'default', 'via', '100.64.0.1')
  await scene.plugInto(station, port)
  return Object.assign(station, { port })
}

async function pings(lab: Lab, from: string, to: string, ...more: string[]): Promise<number> {
  const { stdout } = await lab.exec(from, 'ping', '-n', '-c', '2', '-i', '0.2', '-W', '2', ...more, to)
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0)
}

t.test('floating addresses', { skip }, async (t) => {
  const scene = await startScene({ hypervisors: 2, config })
  t.teardown(() => scene.close())
  const { lab } = scene
  await startRouter(lab)
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const one = await scene.network('nat-ipv4', { address_prefix: '203.0.113.64/26' })
  const other = await scene.network('nat-ipv4', { address_prefix: '203.0.113.128/26' })
  const a = await natStation(scene, h1, one)
  const b = await natStation(scene, h1, other)
  const c = await natStation(scene, h2, one)
  t.match(a.port, { floating_address: '203.0.113.65', private_address: '100.64.0.2' })
  t.match(
    b.port,
    { floating_address: '203.0.113.129', private_address: '100.64.0.2' },
    'private addresses may be the same',
  )
  const F = (s: { port: Port }) => String(s.port.floating_address)
  t.equal(await pings(lab, 'outside', F(a)), 2, 'outside reaches a')
  t.equal(await pings(lab, 'outside', F(b)), 2)
  t.equal(await pings(lab, 'outside', F(c)), 2)
  t.equal(await pings(lab, a.vm.name, BEYOND), 2, 'a reaches what is beyond the router')
  t.equal(await pings(lab, a.vm.name, F(b)), 2, 'on the same hypervisor')
  t.equal(await pings(lab, b.vm.name, F(a)), 2)
  t.equal(await pings(lab, a.vm.name, '100.64.0.1'), 2, 'the gateway')
})
