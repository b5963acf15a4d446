/** `npm run demo`: two projects on three hypervisors, a move, and a killed controller. Exits 0 if there is no failure. */

import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argumentsOf, misused } from '../scripts/arguments.ts'
import { Api } from './api.ts'
import { Certificates } from './certificates.ts'
import { addInterface, type Cloud, createVnic, plugAndWait, unplug } from './compute.ts'
import { controllerAddress } from './controller.ts'
import {
  configuration,
  DEMO_ENGINES,
  type DemoEngine,
  type Ground,
  makeGround,
  PLANS,
  physicalNetworks,
  strangers,
} from './demo-grounds.ts'
import { natDemo } from './demo-nat.ts'
import { differences } from './experiment.ts'
import type { Hypervisor } from './hypervisor.ts'
import { type Lab, startLab, type Vm } from './lab.ts'
import { isLearned } from './learned-rules.ts'
import { BEYOND } from './nat-ground.ts'
import { frameProbes, pingProbes } from './probes.ts'
import { lostPings, pingMatrix } from './table.ts'
import { until } from './until.ts'

const options = argumentsOf({
  engine: { type: 'string', default: 'vlan' },
  keep: { type: 'boolean', default: false },
  tls: { type: 'boolean', default: false },
})

/** The number of hypervisors that join. Each one has a VM of every plan. */
const HYPERVISORS = 3
const hypervisorsOf = (lab: Lab): readonly Hypervisor[] => lab.hypervisors.slice(0, HYPERVISORS)

const log = join(tmpdir(), `plugboard-demo-${process.pid}.log`)

/** The current network or remote Ethernet of each VM, by the name of the VM. */
const networkOf = new Map<string, string>()
let wrong = 0

function say(text: string): void {
  console.log(text)
}

async function show(lab: Lab, title: string): Promise<void> {
  await lab.settle()
  const of = (vm: Vm) => networkOf.get(vm.name)
  const pings = pingProbes(lab.vms, of)
  const matrix = pingMatrix(lab.vms, pings, await lab.experiment(pings), (from, to) => of(from) === of(to))
  // Machines without a VNIC are left out: they hear floods on their own Ethernet, and may send anything.
  const plugged = lab.vms.filter(({ vnicId }) => vnicId !== '')
  const frames = frameProbes(plugged, of)
  const names = plugged.map(({ name }) => name)
  const others = differences(frames, await lab.experiment(frames), names)
  say(`\n${title}`)
  say(matrix.text)
  say('    yes: reached, as it must be   .: not reached, as it must be   -: itself   =: has the same address')
  say(
    `    ${frames.length} frames of all kinds (ARP, multicast, IPv6, unicast, forged, tagged): ${others.length} astray`,
  )
  for (const line of others.slice(0, 10)) say(`      ${line}`)
  wrong += matrix.wrong + others.length
}

interface Made {
  /** The VNIC ids, by the names of the VMs. */
  readonly vnics: ReadonlyMap<string, string>
  readonly grounds: ReadonlyMap<string, Ground>
}

async function populate(lab: Lab, api: Api, engine: DemoEngine): Promise<Made> {
  const vnics = new Map<string, string>()
  const grounds = new Map<string, Ground>()
  for (const plan of PLANS) {
    const { project, name, first } = plan
    const cloud: Cloud = { url: api.url, project }
    const ground = await makeGround(lab, api, engine, plan)
    grounds.set(name, ground)
    for (const { name: far, vnicId } of lab.vms) if (vnicId === '' && far === `${name}0`) networkOf.set(far, name)
    say(`  project ${project}: ${ground.words}`)
    for (const [index, hypervisor] of hypervisorsOf(lab).entries()) {
      const port = await ground.port(hypervisor)
      const vmName = `${name}${index + 1}`
      const vnic = await createVnic(cloud, { vm_id: vmName })
      const address = `10.0.0.${first + index}/24`
      const vm = await lab.startVm({
        name: vmName,
        hypervisor,
        vnicId: vnic.id,
        mac: vnic.mac_address,
        addresses: [address],
      })
      await addInterface((...argv) => hypervisor.run(...argv), vm.interface, vnic)
      await plugAndWait(cloud, vnic.id, port.id)
      vnics.set(vmName, vnic.id)
      networkOf.set(vmName, name)
      say(`    ${vmName} ${address} on ${hypervisor.id}: VNIC ${vnic.id} is active`)
    }
  }
  return { vnics, grounds }
}

async function connected(api: Api, count: number): Promise<void> {
  await until(`${count} hypervisors to be connected`, async () => {
    const hosts = await api.hypervisors()
    return hosts.filter((host) => host.openflow_connected && host.ovsdb_connected).length === count
  })
}

async function restart(lab: Lab, api: Api, from: string, to: string, name = to): Promise<void> {
  say(`\nKilling the controller with kill -9 while ${from} pings ${name} every 20 ms, and starting it again ...`)
  const ping = await lab.background(from, 'ping', '-i', '0.02', to)
  await lab.controller.stop('SIGKILL')
  const hosts = hypervisorsOf(lab)
  const before = await Promise.all(hosts.map(rulesOf))
  await lab.controller.start()
  await connected(api, hosts.length)
  const again = await Promise.all(hosts.map(rulesOf))
  const { answered, lost } = lostPings(await ping.stop())
  const same = JSON.stringify(before) === JSON.stringify(again)
  say(
    `  ${answered} pings answered, ${lost} lost; the rules on the switches are ${same ? 'the same as before' : 'NOT THE SAME'}`,
  )
  wrong += lost + (same ? 0 : 1) + (answered > 0 ? 0 : 1)
}

/** The rules of a switch, without learned ones. */
const rulesOf = async (host: Hypervisor) => (await host.rules()).filter((rule) => !isLearned(rule))

async function keep(lab: Lab, api: Api): Promise<void> {
  const door = await lab.writeDoor()
  say(`
It goes on running. To try:
  curl ${api.url}/v1/projects/red/networks
  curl ${api.url}/v1/projects/red/vnics
  curl ${api.url}/v1/hypervisors
  curl '${api.url}/v1/hypervisors/h1/flows?actual=true'
  ${door} h1 ovs-vsctl show
  ${door} h1 ovs-ofctl -O OpenFlow15 dump-flows br-int
  ${door} red-a1 ping ${engine === 'nat-ipv4' ? BEYOND : '10.0.0.2'}
  ${door} red-a1 ip address
  tail -f ${log}
Ctrl-C, or kill ${process.pid}, ends it.`)
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))
}

async function demo(lab: Lab, engine: DemoEngine): Promise<void> {
  say('Starting the controller ...')
  const config = configuration(engine) + (certificates?.config ?? '')
  const { url } = await lab.startController({ log, config })
  const api = new Api(url)
  say(`  it is at ${url} and logs to ${log}`)
  const hosts = hypervisorsOf(lab)
  for (const host of hosts) {
    await certificates?.equip(host)
    await host.join(controllerAddress)
  }
  await connected(api, hosts.length)
  const protocol = certificates ? 'ssl' : 'tcp'
  say(`  ${hosts.length} hypervisors joined, each with one ovs-vsctl set-manager ${protocol}:${controllerAddress}`)
  if (certificates) await impostor(lab, api, hosts)
  if (engine === 'nat-ipv4') {
    say('Making a network, ports and VNICs, and plugging them over HTTP ...')
    const { wrong: amiss, pinging } = await natDemo(lab, api, hosts, say)
    wrong += amiss
    await restart(lab, api, ...pinging)
    return await end(lab, api)
  }
  say('Making networks, ports and VNICs, and plugging them over HTTP ...')
  const { vnics, grounds } = await populate(lab, api, engine)
  await show(lab, 'Who can ping whom:')

  const [moved, target, where] = [vnics.get('red-a3'), grounds.get('red-b'), hosts[2]]
  if (moved === undefined || target === undefined || where === undefined)
    throw new Error('the plan has no red-a3 or red-b')
  const cloud: Cloud = { url, project: 'red' }
  await unplug(cloud, moved)
  const port = await target.port(where)
  await plugAndWait(cloud, moved, port.id)
  networkOf.set('red-a3', 'red-b')
  await show(lab, 'After red-a3 was unplugged, and plugged into a port of red-b:')

  await restart(lab, api, 'red-a1', '10.0.0.2', 'red-a2')
  await end(lab, api)
}

/** A hypervisor says that it is another one. */
async function impostor(lab: Lab, api: Api, [first, , last]: readonly Hypervisor[]): Promise<void> {
  if (first === undefined || last === undefined) return
  const target = await first.vsctl('get', 'Controller', 'br-int', 'target')
  say(`  each has a certificate of its own, and the switch of ${first.id} was told to connect to ${target}`)
  await last.setExternalIds({ 'system-id': first.id })
  const message = 'refusing a host that has the certificate of another one'
  const line = await until('the impostor to be refused', async () =>
    (await lab.controller.logLines()).find(({ msg }) => msg === message),
  )
  const there = (await api.hypervisors()).find(({ id }) => id === first.id)
  const isThere = there?.ovsdb_connected === true && there.openflow_connected
  say(`  ${last.id} says that it is ${first.id}, and is refused: ${line.reason}`)
  say(`  ${first.id} ${isThere ? 'is connected as before' : 'IS NOT CONNECTED'}`)
  wrong += isThere ? 0 : 1
  await last.setExternalIds({ 'system-id': last.id })
  await connected(api, HYPERVISORS)
}

async function end(lab: Lab, api: Api): Promise<void> {
  say(wrong === 0 ? '\nAll is as it must be.' : `\n${wrong} things are not as they must be.`)
  process.exitCode = wrong === 0 ? 0 : 1
  if (options.keep) await keep(lab, api)
}

const engine = DEMO_ENGINES.find((each) => each === options.engine)
if (engine === undefined) misused(`--engine is one of ${DEMO_ENGINES.join(', ')}, not "${options.engine}"`)
const far = strangers(engine)
say(`Building ${HYPERVISORS} hypervisors with Open vSwitch, and a physical network between them ...`)
if (far > 0) say(`  and a host h${HYPERVISORS + 1} that does not join: remote Ethernets are there`)
const certificates = options.tls ? await Certificates.create() : undefined
if (certificates) say('  and an authority with a certificate for the controller and for each hypervisor')
const lab = await startLab({ hypervisors: HYPERVISORS + far, physicalNetworks: physicalNetworks(engine) })
try {
  await demo(lab, engine)
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
await lab.close()
await certificates?.remove()
if (process.exitCode === 0) await rm(log, { force: true })
else console.error(`The controller's log: ${log}`)
