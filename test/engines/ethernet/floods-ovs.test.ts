/**
 * The number of copies of a flood that Open vSwitch makes by our rules. At the limit that we state it makes all copies, and the
 * limit is close to what it can do. One real switch with a user-space datapath is the first of many hypervisors. The others are
 * addresses behind a gateway with a known address, so a copy for each must leave through the uplink.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { meterOf } from '../../../flows/pipeline/vnic-meter.ts'
import { MAX_MEMBERS, mostPeers } from '../../../src/engines/ethernet/floods.ts'
import { connect, METER } from '../../../src/openflow/index.ts'
import { noOvs, Ovs, until } from '../../openflow/support/ovs.ts'
import { graphOf, rulesOn } from '../../support/cloud.ts'
import { GENEVE, mac, TUNNEL, UPLINK } from '../../support/nodes.ts'
import { type NetworkEngine, oneNetwork } from '../../support/wide.ts'

const run = promisify(execFile)
const SCRIPT = join(import.meta.dirname, '../../support/flood.py')

/** The OpenFlow port of the sending VNIC, and one port for all other VNICs of the switch. */
const [SENDER, OTHERS] = [10, 11]
/** A rate that is high enough to lose nothing. */
const FAST = { ingressKbps: 10_000_000, egressKbps: null, burstKbit: null }
const PORTS = { vlan: UPLINK, flat: UPLINK, vxlan: TUNNEL, geneve: GENEVE } as const

type Family = 'ipv4' | 'ipv6'
const HERE = { ipv4: '192.0.2.1', ipv6: 'fd00:9::1' } as const
const peer = (family: Family, n: number): string =>
  family === 'ipv4' ? `198.18.${n >> 8}.${n & 0xff}` : `fd00:10::${n.toString(16)}`

class Switch {
  readonly #ovs: Ovs

  private constructor(ovs: Ovs) {
    this.#ovs = ovs
  }

  static async start(t: Test, family: Family): Promise<Switch> {
    const ovs = await Ovs.start(t)
    const inside = (...argv: string[]) => run('nsenter', ['--target', String(ovs.pid), '--net', ...argv])
    const internal = (bridge: string, name: string, number: number) => {
      const port = ['add-port', bridge, name, '--', 'set', 'Interface', name]
      return ovs.vsctl(...port, 'type=internal', `ofport_request=${number}`)
    }
    // A fixed MAC address, and no loop: frames that the host's kernel sends into its own bridges must not return.
    const fixed = ['datapath_type=netdev', 'fail_mode=standalone', 'other_config:hwaddr=02:b0:00:00:00:01']
    await ovs.vsctl('add-br', 'br-phy', '--', 'set', 'Bridge', 'br-phy', ...fixed)
    await internal('br-phy', 'wire', 1)
    await internal('br0', 'sender', SENDER)
    await internal('br0', 'others', OTHERS)
    await internal('br0', 'uplink', UPLINK)
    for (const [type, number] of [
      ['vxlan', TUNNEL],
      ['geneve', GENEVE],
    ] as const) {
      const options = ['options:remote_ip=flow', 'options:key=flow', `options:local_ip=${HERE[family]}`]
      const port = ['add-port', 'br0', type, '--', 'set', 'Interface', type, `type=${type}`]
      await ovs.vsctl(...port, ...options, `ofport_request=${number}`)
    }
    for (const name of ['lo', 'br-phy', 'wire', 'sender', 'others', 'uplink'])
      await inside('ip', 'link', 'set', name, 'up')
    const [prefix, gateway, beyond] =
      family === 'ipv4' ? ['24', '192.0.2.254', '198.18.0.0/16'] : ['64', 'fd00:9::fe', 'fd00:10::/64']
    await inside('ip', 'address', 'add', `${HERE[family]}/${prefix}`, 'dev', 'br-phy', 'nodad')
    await inside('ip', 'route', 'add', beyond, 'via', gateway)
    await ovs.appctl('tnl/neigh/set', 'br-phy', gateway, '02:00:00:00:00:fe')
    await until(async () => {
      if (!(await ovs.appctl('ovs/route/show')).includes(gateway)) throw new Error('OVS does not know the route yet')
    })
    return new Switch(ovs)
  }

  /**
   * Installs the rules of hypervisor 0 for a network with these numbers of members there and of other hypervisors with one
   * member.
   */
  async load(engine: NetworkEngine, family: Family, members: number, peers: number, rateLimited = 0): Promise<void> {
    const places = Array.from({ length: members + peers }, (_, n) => Math.max(n - members + 1, 0))
    const host = (n: number) => ({ encapIp: n === 0 ? HERE[family] : peer(family, n) })
    const ofport = (n: number) => (n === 0 ? SENDER : OTHERS)
    const port = (n: number) => (n > 0 && n <= rateLimited ? { rateLimit: FAST } : {})
    const rules = rulesOn(graphOf(oneNetwork(engine, { places, host, ofport, port })), 0)
    await this.#ovs.ofctl('del-flows', this.#ovs.bridge)
    const session = await connect({ path: this.#ovs.path })
    const meters = new Map(rules.flatMap(({ meters }) => meters).map((spec) => [spec.id, meterOf(spec)]))
    await session.series([
      { type: 'meter_mod', command: 'delete', meter: METER.ALL, flags: 0, bands: [] },
      ...[...meters.values()].map((meter) => ({ type: 'meter_mod', command: 'add', ...meter }) as const),
    ])
    await session.bundle(rules.map((rule) => ({ type: 'flow_mod', command: 'add', ...rule })))
    session.close('done')
  }

  /** The copies that Open vSwitch would make, according to ofproto/trace. */
  async traced(engine: NetworkEngine): Promise<{ here: number; away: number }> {
    const frame = `in_port=${SENDER},dl_src=${mac(0)},dl_dst=ff:ff:ff:ff:ff:ff,dl_type=0x88b5`
    const said = await this.#ovs.appctl('ofproto/trace', 'br0', frame)
    const actions = said.match(/^Datapath actions: (.*)$/m)?.[1] ?? ''
    const shown = await this.#ovs.appctl('dpif/show')
    const datapathPort = (number: number) => shown.match(new RegExp(` ${number}/(\\d+):`))?.[1]
    // After the header of the tunnel, each copy names the uplink of the other bridge.
    const plain = actions.replaceAll(/tnl_push\(.*?out_port\(\d+\)\),\d+/g, 'pushed')
    const count = (what: string | undefined) => plain.split(/[,()]/).filter((word) => word === what).length
    const tunnelled = engine === 'vxlan' || engine === 'geneve'
    return { here: count(datapathPort(OTHERS)), away: count(tunnelled ? 'pushed' : datapathPort(PORTS[engine])) }
  }

  /** The copies of a real frame: at the interface of the other members, and at the uplink by the other end of the tunnel. */
  async flooded(): Promise<{ here: number; away: Record<string, number> }> {
    const inside = ['--target', String(this.#ovs.pid), '--net', '/usr/bin/python3', SCRIPT]
    const { stdout } = await run('nsenter', [...inside, 'sender', 'others', 'wire', 'uplink'])
    const { others, wire, uplink } = JSON.parse(stdout) as Record<string, Record<string, number>>
    return { here: others?.[''] ?? 0, away: { ...wire, ...uplink } }
  }

  /** Does a flood from here reach this number of peers? */
  async reaches(engine: NetworkEngine, family: Family, peers: number): Promise<boolean> {
    await this.load(engine, family, 1, peers)
    return (await this.traced(engine)).away === peers
  }
}

/** The octets for the copy to a peer, as the engines count them. */
const COPY = { ipv4: 84, ipv6: 104 } as const

for (const family of ['ipv4', 'ipv6'] as const) {
  t.test(`B26: floods of overlays over ${family}`, { skip: noOvs }, async (t) => {
    const here = await Switch.start(t, family)
    const each = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [peer(family, n + 1), 1]))

    for (const engine of ['vxlan', 'geneve'] as const) {
      await t.test(`${engine}: the limit is the measured one`, async (t) => {
        const most = Math.floor(65_536 / COPY[family])
        t.ok(await here.reaches(engine, family, most), `one flood reaches ${most} peers`)
        t.notOk(await here.reaches(engine, family, most + 1), 'and no more')
        t.ok(mostPeers(COPY[family], 1) <= most)
      })

      await t.test(`${engine}: 500 hypervisors, and the documented maximum`, async (t) => {
        for (const [members, peers] of [
          [1, 499],
          [2, 499],
          [500, 499],
          [1, mostPeers(COPY[family], 1)],
          [2000, mostPeers(COPY[family], 2000)],
        ] as const) {
          await here.load(engine, family, members, peers)
          t.strictSame(await here.traced(engine), { here: members - 1, away: peers }, `${members} here, ${peers} peers`)
          t.strictSame(await here.flooded(), { here: members - 1, away: each(peers) }, 'and a real frame')
        }
      })
    }

    await t.test('beyond the limits of Open vSwitch, members get nothing, without any report', async (t) => {
      await here.load('vxlan', family, 1, 900)
      const { away } = await here.flooded()
      t.equal(Object.keys(away).length, Math.floor(65_536 / COPY[family]))
    })
  })
}

t.test(
  'B26: floods of 1, 2, 500 and 3,000 members on one switch, and of the documented maximum',
  { skip: noOvs },
  async (t) => {
    const here = await Switch.start(t, 'ipv4')
    for (const engine of ['vlan', 'flat', 'vxlan', 'geneve'] as const) {
      const uplink = engine === 'vlan' || engine === 'flat'
      for (const members of engine === 'vlan' ? [1, 2, 500, 3000, MAX_MEMBERS] : [3000, MAX_MEMBERS]) {
        const peers = uplink ? 0 : 1
        await here.load(engine, 'ipv4', members, peers)
        t.strictSame(await here.traced(engine), { here: members - 1, away: 1 }, `${engine}: ${members}`)
        const { here: got, away } = await here.flooded()
        t.equal(got, members - 1, 'and a real frame')
        t.strictSame(Object.values(away), [1])
      }
    }
    for (const [engine, members, rateLimited, peers] of [
      ['vlan', MAX_MEMBERS, 2750, 0],
      ['vxlan', 2000, 1999, mostPeers(COPY.ipv4, 2000, 1999)],
    ] as const) {
      await here.load(engine, 'ipv4', members, peers, rateLimited)
      t.strictSame(
        await here.traced(engine),
        { here: members - 1, away: peers || 1 },
        `${rateLimited} with a limit of ${members}`,
      )
      t.equal((await here.flooded()).here, members - 1, 'and a real frame')
    }
    await here.load('vlan', 'ipv4', MAX_MEMBERS, 0, MAX_MEMBERS - 1)
    t.ok((await here.flooded()).here < MAX_MEMBERS - 1, 'if all members had a limit, some would get no copy')
    await here.load('vlan', 'ipv4', 4200, 0)
    t.strictSame(await here.flooded(), { here: 0, away: {} }, 'beyond the limit no member gets a copy')
  },
)
