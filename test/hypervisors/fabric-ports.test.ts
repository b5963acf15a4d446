/** The ports towards the fabric that all engines together need: one of each role. */
import t from 'tap'
import type { Engine, FabricPort } from '../../src/core/engine/engine.ts'
import { tunnelPort } from '../../src/engines/ethernet/overlay.ts'
import { fabricPortsOf } from '../../src/hypervisors/fabric-ports.ts'
import { hypervisor } from '../support/nodes.ts'
import { oddEngine } from '../support/odd-engine.ts'

const facts = hypervisor(0)
const engine = (alias: string, ...ports: unknown[]): Engine =>
  oddEngine({ alias, fabricPorts: () => ports as FabricPort[] })
const patch = (name: string, bridge: string) => ({ role: `uplink:${name}`, kind: 'patch', bridge })

t.test('engines that want the same port share it', async (t) => {
  const [one, two] = [engine('one', tunnelPort('gre', '192.0.2.1')), engine('two', tunnelPort('gre', '192.0.2.1'))]
  t.same(fabricPortsOf([one, two], facts), { ports: [tunnelPort('gre', '192.0.2.1')], mistakes: [] })
})

t.test('a port that cannot be made is left out, with a condition; other ports are not affected', async (t) => {
  const good = engine('good', patch('physnet1', 'br-eth1'), tunnelPort('vxlan', '192.0.2.1'))
  const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
    [
      patch('mine', 'br-eth1'),
      /^engine "bad": fabricPorts\(\) wants uplink:mine to bridge br-eth1, where uplink:physnet1 leads/,
    ],
    [patch('physnet1', 'br-eth2'), /wants uplink:physnet1 in another way than an engine before it/],
    [patch('mine', 'br-int'), /leads from br-int to "br-int": it must be another bridge/],
    [{ ...patch('mine', 'br-x'), role: 'mine' }, /has role "mine": a patch's is uplink:<name>/],
    [{ ...tunnelPort('vxlan', '192.0.2.1'), role: 'tunnel:mine' }, /that of a tunnel of type vxlan is tunnel:vxlan/],
    [tunnelPort('vxlan', '192.0.2.9'), /wants tunnel:vxlan in another way/],
    [
      { role: 'tunnel:stt', kind: 'tunnel', type: 'stt', options: { remote_ip: '203.0.113.1', key: '5' } },
      /without remote_ip=flow and key=flow/,
    ],
    [{ role: 'tunnel:stt', kind: 'tunnel', type: 'stt' }, /without remote_ip=flow/],
    [{ role: 'x', kind: 'veth' }, /neither a patch nor a tunnel/],
    [null, /failed: /],
  ]
  for (const [port, message] of wrong) {
    const { ports, mistakes } = fabricPortsOf([good, engine('bad', port)], facts)
    t.equal(ports.length, 2)
    t.match(mistakes, [{ code: 'engine-mistake', message }])
  }
  const throws = oddEngine({
    fabricPorts: () => {
      throw new Error('boom')
    },
  })
  t.match(fabricPortsOf([throws, good], facts), {
    ports: { length: 2 },
    mistakes: [{ message: 'engine "odd": fabricPorts() failed: boom' }],
  })
})
