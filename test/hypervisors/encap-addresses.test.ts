/** Tunnel addresses that two hypervisors share, or that are of another family than the others. */
import t from 'tap'
import { encapTroubles } from '../../src/hypervisors/encap-addresses.ts'
import { hypervisor } from '../support/nodes.ts'

const found = (...addresses: readonly (string | null)[]) => {
  const troubles = encapTroubles(addresses.map((encapIp, at) => hypervisor(at + 1, { encapIp })))
  return Object.fromEntries(
    [...troubles].map(([id, its]) => [id, its.map(({ code, stopped }) => `${code} ${stopped.kind}`)]),
  )
}

t.test('B69: a shared tunnel address stops the tunnels of all that have it', async (t) => {
  t.strictSame(found('192.0.2.1', '192.0.2.2', null, null), {})
  const both = ['duplicate-encap-ip tunnels']
  t.strictSame(found('192.0.2.1', '192.0.2.1', '192.0.2.3'), { hv1: both, hv2: both })
  const [one] = encapTroubles([1, 2].map((n) => hypervisor(n, { encapIp: '192.0.2.7' }))).get(hypervisor(1).id) ?? []
  t.match(one, { severity: 'critical', message: /192\.0\.2\.7 is that of hypervisor hv2/ })
})

t.test('B70: an address of another family than most others', async (t) => {
  const [four, six] = ['192.0.2.1', 'fd00::1']
  t.strictSame(found(four, '192.0.2.2', six), { hv3: ['encap-ip-family overlays'] })
  t.strictSame(found(six, 'fd00::2', four), { hv3: ['encap-ip-family overlays'] })
  t.strictSame(found(six, four), { hv1: ['encap-ip-family overlays'] }, 'of two, the one with IPv6')
  t.strictSame(
    found(four, '192.0.2.2', '192.0.2.3', six, 'fd00::2'),
    { hv4: ['encap-ip-family family'], hv5: ['encap-ip-family family'] },
    'two of a family reach each other',
  )
  t.strictSame(found(six, 'fd00::2'), {})
})
