/**
 * Two clouds, each with its own Plugboard and two hypervisors, and bridged networks of both. Checks which networks become one
 * and which stay apart, what the switches learn about the other side, and that a second bridge made by mistake is not a loop.
 */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { Network, Port } from '../api.ts'
import { differences, type Send } from '../experiment.ts'
import { segmentOf, segmentSeen } from '../fabric.ts'
import { broadcast, frame, readFrame, type Tunnel } from '../frames.ts'
import type { Hypervisor } from '../hypervisor.ts'
import type { Vm } from '../lab.ts'
import { onStages } from '../onstage.ts'
import { frameProbes, type NetworkOf, wrongs } from '../probes.ts'
import type { Scene, Station } from '../scene.ts'
import { until } from '../until.ts'

/** The most addresses that a switch learns of one site. */
const MAX_LEARNED = 1024
const LEARNED_TABLE = 56
const VLAN = 110

/** A network of each cloud, and the tunnels between them. */
interface Joint {
  readonly networks: readonly [Network, Network]
  readonly bridges: Map<string, readonly [Port, Port]>
}

await onStages('bridges', 2, { hypervisors: 4 }, async (t, red, blue) => {
  const { lab } = red
  const clouds = [red, blue] as const
  const [h1, h2, h3, h4] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3), lab.hypervisor(4)]

  const tagged = await red.network('vlan', { segment: { physical_network: 'physnet1', vlan_id: VLAN } })
  const joints: readonly [Joint, Joint] = [
    { networks: [tagged, await blue.network('vxlan')], bridges: new Map() },
    { networks: [await red.network('vxlan'), await blue.network('geneve')], bridges: new Map() },
  ]
  const [mixed, overlays] = joints
  /** Networks of one cloud each, with the same VNIs as networks of the other cloud. */
  const apart = [await red.network('vxlan'), await red.network('geneve'), await blue.network('vxlan')]

  const stations: Station[] = []
  for (const network of [...mixed.networks, ...overlays.networks, ...apart]) {
    const cloud = [mixed.networks[1], overlays.networks[1], apart[2]].includes(network) ? blue : red
    for (const hypervisor of cloud.hypervisors) stations.push(await cloud.station({ hypervisor, network }))
  }
  const stationOf = (name: string) => clouds.map(({ stations }) => stations.get(name)).find(Boolean)
  const jointOf = (network: Network) => joints.find(({ networks }) => networks.some(({ id }) => id === network.id))

  /** The two networks of a joint are one network when they are bridged. */
  const networkOf: NetworkOf = ({ name }) => {
    const network = stationOf(name)?.network
    const joint = network && jointOf(network)
    return joint && joint.bridges.size > 0 ? joint.networks[0].id : network?.id
  }
  function segmentsOf(name: string): string[] {
    const network = stationOf(name)?.network
    if (!network) return []
    const joint = jointOf(network)
    if (!joint || joint.bridges.size === 0) return [segmentOf(network, lab.physicalNetworks)]
    return [...joint.networks.map((each) => segmentOf(each, lab.physicalNetworks)), ...joint.bridges.keys()]
  }
  const remembers = ({ name }: Vm) => stationOf(name)?.network === tagged
  const settings = { vids: [VLAN], remembers, fabric: { segmentsOf } }
  const wrong = () => wrongs(lab, networkOf, settings)

  /** The number of addresses that a switch has learned of the site of a port. */
  async function learned(host: Hypervisor, port: Port | undefined): Promise<number> {
    const rules = (await host.rules()).filter((rule) => rule.includes(` table=${LEARNED_TABLE}, `))
    if (!port) return rules.length
    const { flows } = await (host === h1 || host === h2 ? red : blue).api.must<{ flows: { flow: string }[] }>(
      'GET',
      `/v1/hypervisors/${host.id}/flows?port_id=${port.id}`,
    )
    const cookie = /learn\([^)]*cookie=(0x[0-9a-f]+)/.exec(flows.map(({ flow }) => flow).join('\n'))?.[1]
    return rules.filter((rule) => cookie !== undefined && rule.includes(`cookie=${cookie},`)).length
  }

  async function bridge(joint: Joint, type: Tunnel['type'], key: number, ends: readonly [Hypervisor, Hypervisor]) {
    const make = (side: 0 | 1) =>
      clouds[side].tunnelPort(
        { remote_ip: ends[1 - side]?.encapIp ?? '', tunnel_type: type, tunnel_key: key },
        joint.networks[side],
        { hypervisor: ends[side].id },
      )
    const ports = [await make(0), await make(1)] as const
    joint.bridges.set(`${type} ${key}`, ports)
    return ports
  }
  async function are(statuses: string, ...ports: readonly Port[]): Promise<Port[]> {
    return await until(`ports to be ${statuses}`, async () => {
      const shown = await Promise.all(ports.map((port) => cloudOf(port).showPort(port)))
      return shown.every(({ status }) => status === statuses) && shown
    })
  }
  const cloudOf = (port: Port): Scene =>
    joints.some(({ networks }) => networks[1].id === port.network_id) || port.network_id === apart[2]?.id ? blue : red

  await t.test('networks are separate before they are bridged', async (t) => {
    t.same(await wrong(), [])
  })

  await t.test('a VLAN bridged to VXLAN, and VXLAN bridged to Geneve, are one network each', async (t) => {
    const ports = [
      ...(await bridge(mixed, 'geneve', 500, [h1, h3])),
      ...(await bridge(overlays, 'vxlan', 600, [h1, h3])),
    ]
    await are('active', ...ports)
    await lab.warmUnderlay()
    t.same(await wrong(), [])
    t.same(await wrong(), [], 'and again, when the addresses are known')
    for (const [index, host] of [h1, h3, h1, h3].entries()) {
      t.equal(await learned(host, ports[index]), 2, `${host.id} has learned the two addresses of the other side`)
    }
    for (const host of [h2, h4]) t.equal(await learned(host, undefined), 0, `${host.id} leads to no site`)
  })

  await t.test('frames for a VNIC of the same cloud do not cross the bridge', async (t) => {
    const sends = frameProbes(lab.vms, networkOf, settings).filter(({ from, to, what }) => {
      const here = (name: string) => red.stations.has(name) === red.stations.has(from)
      return what.startsWith('unicast') && to.length === 1 && to.every(here)
    })
    t.equal(sends.length, 2 * (2 * joints.length + apart.length))
    const crossed = (await lab.experiment(sends)).map((arrival) => segmentSeen(arrival) ?? '')
    t.same(
      crossed.filter((segment) => joints.some(({ bridges }) => bridges.has(segment))),
      [],
    )
  })

  await t.test('B30 a controller killed and started again leaves what was learned', async (t) => {
    const before = await Promise.all(lab.hypervisors.map((host) => host.rules()))
    for (const cloud of clouds) await cloud.controller.stop('SIGKILL')
    t.same(await wrong(), [])
    for (const cloud of clouds) {
      await cloud.controller.start()
      await cloud.connected()
      for (const { vnic } of cloud.stations.values()) await cloud.vnicIs(vnic.id, 'active')
    }
    await are('active', ...joints.flatMap(({ bridges }) => [...bridges.values()].flat()))
    t.same(await Promise.all(lab.hypervisors.map((host) => host.rules())), before)
    t.same(await wrong(), [])
  })

  await t.test('more addresses than a switch remembers: all are delivered, and other networks learn on', async (t) => {
    const members = stations.filter(({ network }) => network && jointOf(network) === mixed).map(({ vm }) => vm.name)
    const sends = Array.from({ length: MAX_LEARNED + 100 }, (_, index): Send => {
      const source = randomBytes(6)
      source[0] = 0x06
      const mac = source.toString('hex').replace(/..(?=.)/g, '$&:')
      const bytes = frame(index + 1, { source: mac, destination: broadcast, tags: [{ vid: VLAN }] })
      return { from: 'outside-eth1', what: `broadcast from ${mac}`, number: index + 1, bytes, to: members }
    })
    const arrivals = await lab.experiment(sends)
    const lost = differences(
      sends,
      arrivals,
      lab.vms.map(({ name }) => name),
    )
    t.same(
      lost.filter((line) => !line.startsWith('changed')),
      [],
    )
    const [, far] = mixed.bridges.get('geneve 500') ?? []
    const [, other] = overlays.bridges.get('vxlan 600') ?? []
    t.equal(await learned(h3, far), MAX_LEARNED)
    t.equal(await learned(h3, other), 2)
    const late = await red.station({ hypervisor: h2, network: overlays.networks[0] })
    stations.push(late)
    t.same(await wrong(), [], 'also for VMs whose addresses were not learned')
    t.equal(await learned(h3, other), 3, 'the other network still learns')
  })

  await t.test(
    'a second bridge by mistake: one is used by both sides, the other says so, and nothing comes twice',
    async (t) => {
      const first = mixed.bridges.get('geneve 500') ?? []
      const second = await bridge(mixed, 'geneve', 400, [h2, h4])
      await are('active', ...second)
      const refused = await are('error', ...first)
      for (const [index, { status_detail: detail }] of refused.entries()) {
        t.match(detail, new RegExp(`^port ${second[index]?.id} bridges the network already`))
      }
      t.same(await wrong(), [])
      t.same(await copies(t, mixed), [1, 0], 'one copy crosses, on one of the bridges')
      for (const port of second) await cloudOf(port).destroyPort(port)
      mixed.bridges.delete('geneve 400')
      await are('active', ...first)
      t.same(await wrong(), [], 'the other one takes over')
      for (const host of [h2, h4]) t.equal(await learned(host, undefined), 0)
    },
  )

  /** The number of copies of one broadcast frame on each bridge of a joint, the newest bridge first. */
  async function copies(t: Test, { networks, bridges }: Joint): Promise<number[]> {
    const sender = stations.find(({ network }) => network === networks[0])
    if (!sender) throw new RangeError('nobody is in the network')
    const bytes = frame(1, { source: sender.vm.mac, destination: broadcast })
    const arrivals = await lab.experiment([{ from: sender.vm.name, what: 'broadcast', number: 1, bytes, to: [] }])
    t.ok(arrivals.every(({ hex }) => readFrame(hex).number === 1))
    const crossing = arrivals.filter(({ tap, direction }) => tap.startsWith('underlay-') && direction === 'in')
    return [...bridges.keys()].reverse().map((name) => crossing.filter((each) => segmentSeen(each) === name).length)
  }

  await t.test('a bridge that is destroyed takes what was learned with it; the networks are two again', async (t) => {
    for (const joint of joints) {
      for (const ports of joint.bridges.values()) {
        for (const port of ports) await cloudOf(port).destroyPort(port)
      }
      joint.bridges.clear()
    }
    for (const host of lab.hypervisors) t.equal(await learned(host, undefined), 0, host.id)
    t.same(await wrong(), [])
  })

  await t.test('when everything is unplugged, no rule is left', async (t) => {
    for (const cloud of clouds) for (const station of cloud.stations.values()) await cloud.unplug(station)
    for (const host of lab.hypervisors) t.same(await host.rules(), [], host.id)
  })
})
