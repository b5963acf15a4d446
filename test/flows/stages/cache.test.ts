/** The rule by which a switch forgets cached decisions: it looks at new bits whenever something about its members changes. */
import t from 'tap'
import type { Network, Port } from '../../../topology/model.ts'
import { graphOf, linesOn, type Nodes, rulesOn } from '../../support/cloud.ts'
import { binding, hypervisor, mac, port, vlanNetwork, vnic, vxlanNetwork } from '../../support/nodes.ts'

const KEEPS = { keepsDecisions: true }
const ROOT = { table: 0, priority: 65_535 }

interface Wish {
  readonly make?: typeof vlanNetwork
  readonly network?: Partial<Network>
  readonly first?: Partial<Port>
  readonly elsewhere?: Partial<Port>
  readonly nodes?: Partial<Nodes>
}

/** Two members on hypervisor 0, and one on hypervisor 1. */
function graph({ make = vlanNetwork, network: more = {}, first = {}, elsewhere = {}, nodes = {} }: Wish) {
  const network = { ...make(1), ...more }
  return graphOf({
    hypervisors: [hypervisor(0, KEEPS), hypervisor(1)],
    networks: [network],
    ports: [port(0, network, first), port(1, network), port(2, network, elsewhere)],
    vnics: [vnic(0, 0), vnic(1, 1), vnic(2, 2)],
    bindings: [binding(0, 0), binding(1, 0), binding(2, 1)],
    ...nodes,
  })
}

const cacheRules = (wish: Wish, n = 0) => rulesOn(graph(wish), n).filter(({ priority }) => priority === ROOT.priority)

/** The bits of packet marks that the switch looks at. */
function bitsOf(wish: Wish): number {
  const [found] = cacheRules(wish)
  const field = found?.match.find((each) => each.field === 'pkt_mark')
  return Number(field?.value ?? 0)
}

const ones = (bits: number): number => [...bits.toString(2)].filter((bit) => bit === '1').length

t.test('one rule, which matches no valid frame, on switches that may keep decisions', async (t) => {
  const [found, ...more] = cacheRules({})
  t.match(found, { ...ROOT, instructions: [] })
  t.same(more, [])
  const [line = ''] = linesOn(graph({}), 0)
  const bits = bitsOf({}).toString(16)
  t.ok(
    line.includes(
      `priority=65535,pkt_mark=0x${bits}/0x${bits},dl_src=01:00:00:00:00:00/01:00:00:00:00:00 actions=drop`,
    ),
  )
  t.equal(ones(bitsOf({})), 16)
  t.same(cacheRules({}, 1), [], 'not on other switches')
  t.same(cacheRules({ nodes: { bindings: [] } }), [], 'nor without members')
  const unmapped = hypervisor(0, { ...KEEPS, fabric: {} })
  t.same(cacheRules({ nodes: { hypervisors: [unmapped, hypervisor(1)] } }), [], 'nor where no network works')
})

for (const make of [vlanNetwork, vxlanNetwork]) {
  t.test(
    `${make.name}: other bits after each change of what members may do, and the same for the same state`,
    async (t) => {
      const [first, second, third] = [binding(0, 0), binding(1, 0), binding(2, 1)]
      const pair = { allowed_address_pairs: [{ ip_prefix: '10.9.0.9' }] }
      const changes: Record<string, Wish> = {
        nothing: {},
        'a member goes': { nodes: { bindings: [first, third] } },
        'the other member goes': { nodes: { bindings: [second, third] } },
        'a member comes': { nodes: { bindings: [first, second, binding(2, 0)] } },
        'an interface has another number': { nodes: { bindings: [binding(0, 0, 77), second, third] } },
        'another MAC address': {
          nodes: { vnics: [vnic(0, 0, { attributes: { mac_address: mac(9) } }), vnic(1, 1), vnic(2, 2)] },
        },
        'its port is down': { first: { adminUp: false } },
        addresses: { first: { attributes: { ip_addresses: ['10.9.0.1'] } } },
        'other addresses': { first: { attributes: { ip_addresses: ['10.9.0.2'] } } },
        'a pair': { first: { attributes: pair, borrowsAddresses: true } },
        'a pair elsewhere': { elsewhere: { attributes: pair, borrowsAddresses: true } },
        'a rate limit': { first: { rateLimit: { ingressKbps: 1, egressKbps: null, burstKbit: null } } },
        'addresses of the network': { network: { attributes: { ipv4: null } } },
        'another uplink': {
          nodes: {
            hypervisors: [
              hypervisor(0, { ...KEEPS, fabric: { 'uplink:physnet1': 7, 'tunnel:vxlan': 8 } }),
              hypervisor(1),
            ],
          },
        },
      }
      const chosen = Object.entries(changes).map(([what, wish]) => [what, bitsOf({ ...wish, make })] as const)
      for (const [index, [what, bits]] of chosen.entries()) {
        t.equal(ones(bits), 16, what)
        for (const [other, its] of chosen.slice(0, index))
          t.ok((bits & ~its) !== 0, `${what} has bits that ${other} lacks`)
      }
      const renamed = { first: { name: 'another', revision: 9 } }
      t.equal(bitsOf({ ...renamed, make }), bitsOf({ make }), 'a name gives no right')
      t.equal(bitsOf({ make, elsewhere: { adminUp: false } }), bitsOf({ make }), 'nor does a member elsewhere')
    },
  )
}

t.test('members elsewhere of a network that is gone do not count', async (t) => {
  const [here, gone] = [vlanNetwork(1), vlanNetwork(2)]
  const bitsWith = (borrowsAddresses: boolean) => {
    const ports = [port(0, here), port(1, gone), port(2, gone, { borrowsAddresses })]
    return bitsOf({ nodes: { networks: [here], ports } })
  }
  t.equal(ones(bitsWith(false)), 16)
  t.equal(bitsWith(true), bitsWith(false))
})
