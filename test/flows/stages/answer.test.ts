/** Addresses that a member may borrow: no switch answers for them. */
import t from 'tap'
import type { Port } from '../../../topology/model.ts'
import { graphOf, linesOn, type Nodes } from '../../support/cloud.ts'
import { binding, hypervisor, mac, port, vlanNetwork, vnic, vxlanNetwork } from '../../support/nodes.ts'

/** A member with known addresses on hypervisor 0, and one that borrows on hypervisor 1. */
function linesOf(make: typeof vlanNetwork, borrower: Partial<Port>): string[] {
  const network = make(1)
  const graph = graphOf({
    hypervisors: [hypervisor(0), hypervisor(1)],
    networks: [network],
    ports: [
      port(0, network, { attributes: { ip_addresses: ['10.9.0.1', '10.9.0.100'] } }),
      port(1, network, { borrowsAddresses: true, ...borrower }),
    ],
    vnics: [vnic(0, 0), vnic(1, 1)],
    bindings: [binding(0, 0), binding(1, 1)],
  })
  return linesOn(graph, 0)
    .filter((line) => line.includes('priority=215'))
    .map((line) => line.replace(/^\S+ (.*?) {2}#.*$/, '$1'))
}

for (const make of [vlanNetwork, vxlanNetwork]) {
  const table = make === vlanNetwork ? 30 : 32
  const pairs = (...all: readonly string[]) => ({
    attributes: { allowed_address_pairs: all.map((ip_prefix) => ({ ip_prefix })) },
  })

  t.test(`${make.name}: requests for borrowed addresses go on, on every hypervisor with members`, async (t) => {
    t.strictSame(linesOf(make, pairs('10.9.0.100', 'fd09::100', '10.8.0.0/16', 'fd08::/64')), [
      `table=20, priority=215,arp,metadata=0xc9,arp_tpa=10.9.0.100,arp_op=1 actions=goto_table:${table}`,
      `table=20, priority=215,arp,metadata=0xc9,arp_tpa=10.8.0.0/16,arp_op=1 actions=goto_table:${table}`,
      `table=20, priority=215,icmp6,metadata=0xc9,icmp_type=135,icmp_code=0,nd_target=fd09::100 actions=goto_table:${table}`,
      `table=20, priority=215,icmp6,metadata=0xc9,icmp_type=135,icmp_code=0,nd_target=fd08::/64 actions=goto_table:${table}`,
    ])
  })

  t.test(`${make.name}: without port security, every address may be borrowed`, async (t) => {
    const everything = [
      `table=20, priority=215,arp,metadata=0xc9,arp_op=1 actions=goto_table:${table}`,
      `table=20, priority=215,icmp6,metadata=0xc9,icmp_type=135,icmp_code=0 actions=goto_table:${table}`,
    ]
    t.strictSame(linesOf(make, { attributes: { port_security: false } }), everything)
    t.strictSame(linesOf(make, pairs('0.0.0.0/0', '::/0')), everything)
  })

  t.test(`${make.name}: too many borrowed addresses count as all of their family`, async (t) => {
    const many = (count: number) => pairs(...Array.from({ length: count }, (_, n) => `10.${n >> 8}.${n & 255}.1`))
    t.equal(linesOf(make, many(256)).length, 256)
    const twice = { attributes: { allowed_address_pairs: Array(300).fill({ ip_prefix: '10.9.0.100' }) } }
    t.equal(linesOf(make, twice).length, 1, 'equal ones count once')
    t.strictSame(linesOf(make, many(257)), [
      `table=20, priority=215,arp,metadata=0xc9,arp_op=1 actions=goto_table:${table}`,
    ])
  })

  t.test(`${make.name}: a pair with an address of the port itself borrows nothing`, async (t) => {
    const { attributes } = pairs('10.9.0.2', '10.9.0.2/32')
    t.strictSame(linesOf(make, { attributes: { ...attributes, ip_addresses: ['10.9.0.2'] } }), [])
    t.strictSame(linesOf(make, { adminUp: false, ...pairs('10.9.0.100') }), [], 'nor does a port that is down')
    const virtual = {
      ip_addresses: ['10.9.0.2'],
      allowed_address_pairs: [{ mac_address: mac(9), ip_prefix: '10.9.0.2' }],
    }
    t.strictSame(
      linesOf(make, { attributes: virtual }),
      [`table=20, priority=215,arp,metadata=0xc9,arp_tpa=10.9.0.2,arp_op=1 actions=goto_table:${table}`],
      'but under another MAC address it does',
    )
  })

  t.test(`${make.name}: a port borrows while its VNIC has a place, also under the tag of a trunk`, async (t) => {
    const network = make(1)
    const borrower = port(1, network, { borrowsAddresses: true, ...pairs('10.9.0.100') })
    const nodes = {
      hypervisors: [hypervisor(0), hypervisor(1)],
      networks: [network, make(2)],
      ports: [port(0, network), borrower, port(2, make(2), { trunk: [{ portId: borrower.id, vlanId: 7 }] })],
    }
    const borrowed = (more: Nodes) =>
      linesOn(graphOf({ ...nodes, ...more }), 0).filter((line) => line.includes('priority=215')).length
    const [asker, own, carrier] = [vnic(0, 0), vnic(1, 1), vnic(2, 2)]
    t.equal(borrowed({ vnics: [asker, own], bindings: [binding(0, 0), binding(1, 1)] }), 1)
    t.equal(borrowed({ vnics: [asker, own], bindings: [binding(0, 0)] }), 0, 'no interface yet')
    t.equal(borrowed({ vnics: [asker, carrier], bindings: [binding(0, 0), binding(2, 1)] }), 1, 'a sub-port')
    const moving = vnic(1, 1, { migratesTo: hypervisor(0).id })
    t.equal(borrowed({ vnics: [asker, moving], bindings: [binding(0, 0), binding(1, 1)] }), 1, 'one that migrates')
  })
}
