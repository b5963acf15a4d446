/** Tunnel addresses that two hypervisors share, or that are of another family than the others. */
import t from 'tap'
import { encapHolder, encapTroubles } from '../../src/hypervisors/encap-addresses.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { graphOf } from '../support/cloud.ts'
import { hypervisor, hypervisorId } from '../support/nodes.ts'

const found = (...addresses: readonly (string | null)[]) => foundWith(() => true, addresses)

const foundWith = (hasPorts: (id: HypervisorId) => boolean, addresses: readonly (string | null)[]) => {
  const hypervisors = addresses.map((encapIp, at) => hypervisor(at + 1, { encapIp }))
  const troubles = encapTroubles(hypervisors, hasPorts, [])
  return Object.fromEntries(
    [...troubles].map(([id, its]) => [id, its.map(({ code, stopped }) => `${code} ${stopped.kind}`)]),
  )
}

t.test(
  'B69 B125: a tunnel address that another hypervisor has stops the tunnels of the refused one alone',
  async (t) => {
    const refusal = { id: hypervisorId(2), address: '192.0.2.1', holder: hypervisorId(1) }
    const troubles = encapTroubles([hypervisor(1), hypervisor(2, { encapIp: null })], () => true, [refusal])
    t.match(
      [...troubles],
      [
        [
          'hv2',
          [{ severity: 'critical', message: /192\.0\.2\.1 is that of hypervisor hv1/, stopped: { kind: 'tunnels' } }],
        ],
        ['hv1', [{ severity: 'warning', message: /^hypervisor hv2 says/, stopped: { kind: 'nothing' } }]],
      ],
    )
  },
)

t.test('B125: an address is taken as long as its hypervisor is there', async (t) => {
  const graph = graphOf({ hypervisors: [hypervisor(1), hypervisor(2)] })
  const holder = (of: number, address: string | null, ...there: number[]) =>
    encapHolder(graph, hypervisorId(of), address, (id) => there.some((n) => hypervisorId(n) === id))
  const { encapIp } = hypervisor(1)
  t.equal(holder(2, encapIp, 1, 2), 'hv1')
  t.equal(holder(2, encapIp, 2), undefined)
  t.equal(holder(1, encapIp, 1, 2), undefined, 'its own')
  t.equal(holder(2, null, 1, 2), undefined)
})

t.test('B125: hypervisors without a VNIC do not change which family most have', async (t) => {
  const addresses = ['192.0.2.1', 'fd00::1', 'fd00::2', 'fd00::3']
  const odd = (id: number) => [`hv${id}`, ['encap-ip-family family']]
  t.strictSame(
    foundWith((id) => id === hypervisorId(1), addresses),
    Object.fromEntries([odd(2), odd(3), odd(4)]),
  )
  t.strictSame(found(...addresses), { hv1: ['encap-ip-family overlays'] })
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
