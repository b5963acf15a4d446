/** The bounds on the rules of a wide network, and on what one more hypervisor costs each of the others (bench/ has the 400th). */
import t from 'tap'
import { oneMoreHypervisor, rulesPerSwitch } from '../support/sizes.ts'

t.test('rules per switch for a network of 1,000 VNICs on 100 hypervisors', async (t) => {
  for (const { what, rules, most } of rulesPerSwitch(1000, 100)) {
    t.ok(rules > 0 && rules <= most, `${what}: ${rules} rules, at most ${most}`)
  }
})

for (const [engine, cost] of [
  ['vxlan', { bundles: 1, flowMods: 2, touched: 99 }],
  ['geneve', { bundles: 1, flowMods: 2, touched: 99 }],
  ['vlan', { bundles: 0, flowMods: 0, touched: 0 }],
  ['flat', { bundles: 0, flowMods: 0, touched: 0 }],
] as const) {
  t.test(`what the 100th hypervisor of a ${engine} network costs each of the others`, async (t) => {
    t.strictSame(await oneMoreHypervisor(t, engine, 100), { engine, ...cost, ports: 1, samePorts: true })
  })
}
