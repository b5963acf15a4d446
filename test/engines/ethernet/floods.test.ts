/** B26: if a network needs more copies than a switch can make, its status says so, until it needs fewer again. */
import t from 'tap'
import { floodLimit, MAX_MEMBERS, mostPeers } from '../../../src/engines/ethernet/floods.ts'
import { geneve } from '../../../src/engines/geneve/geneve.ts'
import { vlan } from '../../../src/engines/vlan/vlan.ts'
import type { NetworkId, VnicId } from '../../../topology/ids.ts'
import { graphOf } from '../../support/cloud.ts'
import { PROJECT } from '../../support/controller.ts'
import { cloudOf } from '../../support/switches.ts'
import { NETWORK_ENGINES, oneNetwork } from '../../support/wide.ts'

const [IPV4, IPV6] = [84, 104]
/** This many members on hypervisor 0, and one on each of this many other hypervisors. */
const dealt = (members: number, peers: number) =>
  Array.from({ length: members + peers }, (_, n) => Math.max(n - members + 1, 0))

t.test(
  '500 hypervisors are within the limit over IPv4 and IPv6; more members on one hypervisor lower the limit',
  (t) => {
    t.ok(mostPeers(IPV4, 1) >= 499)
    t.ok(mostPeers(IPV6, 1) >= 499)
    t.equal(mostPeers(IPV4, 1), 649)
    t.equal(mostPeers(IPV6, 1), 541)
    t.equal(mostPeers(IPV4, 3000), 410)
    t.equal(mostPeers(IPV4, 2000, 2000), 250, 'copies to members with a limit are larger')
    t.end()
  },
)

t.test('an overlay reports what it cannot reach', (t) => {
  const { networks } = geneve({ underlayMtu: 1500, vnis: [] })
  const said = (members: number, peers: number, ipv6 = false) => {
    const host = (n: number) => (ipv6 ? { encapIp: `fd00::${(n + 1).toString(16)}` } : {})
    const nodes = oneNetwork('geneve', { places: dealt(members, peers), host })
    return networks?.limits?.(graphOf(nodes), nodes.network)
  }
  t.equal(said(1, 649), undefined)
  t.match(said(1, 650), /members on 651 hypervisors, .*broadcast reaches 650 hypervisors at most/)
  t.equal(said(1, 541, true), undefined)
  t.match(said(1, 542, true), /members on 543 hypervisors/, 'an IPv6 header is larger')
  t.equal(said(3000, 410), undefined)
  t.match(said(3000, 411), /up to 3000 of them on one \(hv0\): broadcast reaches 411/)
  t.end()
})

t.test('every engine reports what is too much for one switch', (t) => {
  for (const engine of NETWORK_ENGINES) {
    const nodes = oneNetwork(engine, { places: dealt(MAX_MEMBERS + 1, 0) })
    t.match(floodLimit(graphOf(nodes), nodes.network.id, null), /4001 members on hypervisor hv0/, engine)
  }
  const { networks } = vlan({ physnet1: { vlans: [] } })
  const fits = oneNetwork('vlan', { places: dealt(MAX_MEMBERS, 1000) })
  t.equal(networks?.limits?.(graphOf(fits), fits.network), undefined, 'the fabric makes the copies of a VLAN')
  const limited = (count: number) =>
    oneNetwork('vlan', {
      places: dealt(MAX_MEMBERS, 0),
      port: (n) => (n < count ? { rateLimit: { ingressKbps: 1000, egressKbps: null, burstKbit: null } } : {}),
    })
  t.equal(networks?.limits?.(graphOf(limited(2750)), fits.network), undefined)
  t.match(networks?.limits?.(graphOf(limited(2751)), fits.network), /4000 members on hypervisor hv0, 2751 of them with/)
  t.equal(floodLimit(graphOf({}), fits.network.id, IPV4), undefined, 'a network without members')
  t.end()
})

t.test('a network is in error while it is too wide, but its VNICs are not', async (t) => {
  const most = mostPeers(IPV4, 1)
  const { controller, plug, call } = await cloudOf(t, most + 2)
  const network = await call('create_network', { engine: 'vxlan' })
  const show = async () => controller.operations.networks.show(PROJECT, network.id as NetworkId)
  let last: VnicId | undefined
  for (let n = 0; n <= most; n++) last = await plug(network, n)
  t.match(await show(), { status: 'active', status_detail: undefined })
  last = await plug(network, most + 1)
  t.match(await show(), { status: 'error', status_detail: /broadcast reaches 650 hypervisors at most/ })
  t.equal(
    controller.operations.vnics.show(PROJECT, last).status,
    'waiting',
    'it counts only hypervisors that can be reached',
  )
  await controller.operations.vnics.unplug(PROJECT, last, null)
  t.match(await show(), { status: 'active', status_detail: undefined })
})
