/**
 * Throughput between two VMs on two hypervisors by our rules, beside the same Open vSwitch with one rule written by hand,
 * `actions=normal`, and the same encapsulation: iperf3 in turns, in one lab.
 */
import type { Network, Port } from '../mininet/api.ts'
import type { Hypervisor } from '../mininet/hypervisor.ts'
import type { Vm } from '../mininet/lab.ts'
import { project, type Scene, type Station, startScene } from '../mininet/scene.ts'
import { say, timesOf } from './figures.ts'

export const ENGINES = ['vlan', 'vxlan', 'geneve', 'flat', 'remote-l2'] as const
type Engine = (typeof ENGINES)[number]

/** What the hand-written bridge uses, beside ours: nothing of the one is the other's. */
const [THEIR_VLAN, OUR_KEY, THEIR_KEY] = [77, 7000, 77]
const TUNNEL_MTU = 1450
/** Seconds of one run of iperf3: many short turns, since on a machine that others use as well one turn is like the one next to it. */
const RUN = 1
/** Of the kernel's clock, by which it counts processor time. */
const TICKS_A_SECOND = 100

export interface Throughput {
  readonly engine: Engine
  readonly ours: Flow
  readonly theirs: Flow
}

export interface Flow {
  /** Median, Mbit/s. */
  readonly rate: number
  /** What both Open vSwitches took of a processor, seconds for a gigabyte that arrived: others on the machine change it little. */
  readonly work: number
}

interface Turn {
  /** Mbit/s. */
  readonly rate: number
  readonly seconds: number
  readonly bytes: number
}

type Pair = readonly [Vm, Vm]

/** @param rounds turns of each */
export async function throughput(engine: Engine, rounds: number): Promise<Throughput> {
  const scene = await startScene({ hypervisors: 2 })
  try {
    const hosts = [scene.lab.hypervisor(1), scene.lab.hypervisor(2)] as const
    const ours = await plugged(scene, hosts, engine)
    const theirs = await handWritten(scene, hosts, engine)
    const runs = { ours: [] as Turn[], theirs: [] as Turn[] }
    say(`${engine}: throughput, ${rounds} turns each ...`)
    for (let round = 0; round < rounds; round++) {
      const turns = [
        ['ours', ours],
        ['theirs', theirs],
      ] as const
      for (const [whose, pair] of round % 2 === 0 ? turns : turns.toReversed()) {
        runs[whose].push(await turn(scene, hosts, pair))
      }
    }
    return { engine, ours: flowOf(runs.ours), theirs: flowOf(runs.theirs) }
  } finally {
    await scene.close()
  }
}

type TwoHosts = readonly [Hypervisor, Hypervisor]

/** Two VMs in a network of ours, or each in a port whose tunnel leads to the other's hypervisor. */
async function plugged(scene: Scene, [h1, h2]: TwoHosts, engine: Engine): Promise<Pair> {
  if (engine !== 'remote-l2') {
    const network: Network & { mtu?: number } = await scene.network(engine)
    const pair = [
      await scene.station({ hypervisor: h1, network }),
      await scene.station({ hypervisor: h2, network }),
    ] as const
    return await ready(scene, [pair[0].vm, pair[1].vm], network.mtu ?? 1500)
  }
  const tunnelled = async (here: Hypervisor, there: Hypervisor): Promise<Station> => {
    const station = await scene.station({ hypervisor: here })
    const tunnel = { remote_ip: there.encapIp, tunnel_type: 'vxlan', tunnel_key: OUR_KEY }
    const port = await scene.api.must<Port>('POST', `/v1/projects/${project}/ports`, { engine, ...tunnel })
    const path = `/v1/projects/${project}/vnics/${station.vnic.id}/port`
    await scene.api.must('PUT', path, { port_id: port.id }, { prefer: 'wait=30' })
    await scene.vnicIs(station.vnic.id, 'active')
    return station
  }
  const pair = [await tunnelled(h1, h2), await tunnelled(h2, h1)] as const
  return await ready(scene, [pair[0].vm, pair[1].vm], TUNNEL_MTU)
}

/** The peer: bridges with one rule written by hand. */
async function handWritten(scene: Scene, hosts: TwoHosts, engine: Engine): Promise<Pair> {
  const vms: Vm[] = []
  for (const [index, host] of hosts.entries()) {
    const other = hosts[1 - index] ?? host
    const vm = await scene.lab.startVm({
      name: `plain${index + 1}`,
      hypervisor: host,
      vnicId: '',
      mac: `02:00:00:00:77:0${index + 1}`,
      addresses: [`10.77.0.${index + 1}/24`],
    })
    await host.vsctl('add-br', 'br-plain', '--', 'set', 'Bridge', 'br-plain', 'datapath_type=netdev')
    const onVlan = engine === 'vlan' ? [`tag=${THEIR_VLAN}`] : []
    await host.vsctl('add-port', 'br-plain', vm.interface, ...onVlan)
    if (engine === 'vlan' || engine === 'flat') {
      const patch = (name: string, peer: string) => [
        '--',
        'set',
        'Interface',
        name,
        'type=patch',
        `options:peer=${peer}`,
      ]
      await host.vsctl('add-port', 'br-plain', 'plain-in', ...patch('plain-in', 'plain-out'))
      await host.vsctl('add-port', 'br-eth1', 'plain-out', ...patch('plain-out', 'plain-in'))
    } else {
      const type = engine === 'geneve' ? 'geneve' : 'vxlan'
      const options = { remote_ip: other.encapIp, local_ip: host.encapIp, key: String(THEIR_KEY) }
      const set = Object.entries(options).map(([name, value]) => `options:${name}=${value}`)
      await host.vsctl('add-port', 'br-plain', 'plain', '--', 'set', 'Interface', 'plain', `type=${type}`, ...set)
    }
    await host.ofctl('del-flows', 'br-plain')
    await host.ofctl('add-flow', 'br-plain', 'actions=normal')
    vms.push(vm)
  }
  const [first, second] = vms
  if (!first || !second) throw new Error('there are two hypervisors')
  return await ready(scene, [first, second], engine === 'vlan' || engine === 'flat' ? 1500 : TUNNEL_MTU)
}

/** With an MTU that leaves room for the tunnel, one that answers iperf3, and each known to the other. */
async function ready(scene: Scene, pair: Pair, mtu: number): Promise<Pair> {
  for (const { name } of pair) await must(scene, name, 'ip', 'link', 'set', 'eth0', 'mtu', String(mtu))
  await scene.lab.background(pair[1].name, 'iperf3', '--server')
  await must(scene, pair[0].name, 'ping', '-c', '3', '-i', '0.2', '-W', '5', addressOf(pair[1]))
  return pair
}

const addressOf = (vm: Vm): string => vm.addresses[0]?.replace(/\/.*/, '') ?? ''

async function must(scene: Scene, machine: string, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await scene.lab.exec(machine, ...argv)
  if (code !== 0) throw new Error(`${machine}: ${argv.join(' ')}: ${stderr || stdout}`)
  return stdout
}

function flowOf(turns: readonly Turn[]): Flow {
  const sum = (what: 'seconds' | 'bytes') => turns.reduce((total, each) => total + each[what], 0)
  return { rate: timesOf(turns.map(({ rate }) => rate)).p50, work: sum('seconds') / (sum('bytes') / 1e9) }
}

/** What arrived, and what it took. */
async function turn(scene: Scene, hosts: TwoHosts, [from, to]: Pair): Promise<Turn> {
  const before = await worked(hosts)
  const wish = ['--json', '--time', String(RUN), '--client', addressOf(to)]
  const said = JSON.parse(await must(scene, from.name, 'iperf3', ...wish)) as {
    end: { sum_received: { bits_per_second: number; bytes: number } }
  }
  const { bits_per_second: rate, bytes } = said.end.sum_received
  return { rate: rate / 1e6, bytes, seconds: (await worked(hosts)) - before }
}

/** Processor time of both ovs-vswitchd so far, seconds: fields 14 and 15 of proc(5), counted behind the name in brackets. */
async function worked(hosts: TwoHosts): Promise<number> {
  let ticks = 0
  for (const host of hosts) {
    const stat = await host.run('sh', '-c', 'cat /proc/$(cat $OVS_RUNDIR/ovs-vswitchd.pid)/stat')
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number)
    ticks += user + system
  }
  return ticks / TICKS_A_SECOND
}
