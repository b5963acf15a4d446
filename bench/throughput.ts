/**
 * Measures the throughput between two VMs on two hypervisors, with our rules and with a single rule `actions=normal` and the same
 * encapsulation. Both run in one lab, with iperf3 in turns.
 */
import type { Network, Port } from '../mininet/api.ts'
import { project } from '../mininet/cloud-state.ts'
import type { Hypervisor } from '../mininet/hypervisor.ts'
import type { Vm } from '../mininet/lab.ts'
import { type Scene, type Station, startScene } from '../mininet/scene.ts'
import { say, timesOf } from './figures.ts'

export const ENGINES = ['vlan', 'vxlan', 'geneve', 'flat', 'remote-l2'] as const
type Engine = (typeof ENGINES)[number]

/** The VLAN id and the tunnel keys. The two kinds of bridges must not share any. */
const [THEIR_VLAN, OUR_KEY, THEIR_KEY] = [77, 7000, 77]
const TUNNEL_MTU = 1450
/** The duration of one iperf3 run. Runs are short and many, so that the load of a shared machine affects both sides alike. */
const RUN_S = 1
/** The clock ticks per second in which the kernel counts processor time. */
const TICKS_PER_SECOND = 100

export interface Throughput {
  readonly engine: Engine
  readonly ours: Flow
  readonly theirs: Flow
}

export interface Flow {
  /** The median throughput, in Mbit/s. */
  readonly rate: number
  /** Processor time of both Open vSwitches, in seconds per gigabyte. Other load on the machine affects it little. */
  readonly work: number
}

interface Turn {
  /** Mbit/s. */
  readonly rate: number
  readonly seconds: number
  readonly bytes: number
}

type Pair = readonly [Vm, Vm]

/** @param rounds the number of runs of each */
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

/** Starts two VMs in a network, or in ports whose tunnels lead to each other's hypervisor. */
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

/** Makes the bridges to compare with, which have a single rule. */
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

/** Prepares a pair of VMs: sets an MTU that leaves room for the tunnel, starts the iperf3 server, and pings. */
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

/** Runs iperf3 once. @returns throughput and processor time */
async function turn(scene: Scene, hosts: TwoHosts, [from, to]: Pair): Promise<Turn> {
  const before = await worked(hosts)
  const wish = ['--json', '--time', String(RUN_S), '--client', addressOf(to)]
  const said = JSON.parse(await must(scene, from.name, 'iperf3', ...wish)) as {
    end: { sum_received: { bits_per_second: number; bytes: number } }
  }
  const { bits_per_second: rate, bytes } = said.end.sum_received
  return { rate: rate / 1e6, bytes, seconds: (await worked(hosts)) - before }
}

/** The processor time of both ovs-vswitchd so far, in seconds: fields 14 and 15 of /proc/PID/stat (proc(5)). */
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
  return ticks / TICKS_PER_SECOND
}
