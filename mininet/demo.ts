/** `npm run demo`: two projects on three hypervisors, a move, and a controller that is killed; 0 if all is as it must be. */
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argumentsOf, misused } from '../scripts/arguments.ts'
import { Api, type Port } from './api.ts'
import { addInterface, type Cloud, createVnic, plugAndWait, unplug } from './compute.ts'
import { controllerAddress } from './controller.ts'
import { differences } from './experiment.ts'
import { type Lab, startLab, type Vm } from './lab.ts'
import { frameProbes, pingProbes } from './probes.ts'
import { lostPings, pingMatrix } from './table.ts'
import { until } from './until.ts'

const options = argumentsOf({
  engine: { type: 'string', default: 'vlan' },
  keep: { type: 'boolean', default: false },
})

/** Three networks, each with a VM on every hypervisor. The project blue uses the addresses of red's first network again. */
const plan = [
  { project: 'red', network: 'red-a', first: 1 },
  { project: 'red', network: 'red-b', first: 4 },
  { project: 'blue', network: 'blue-a', first: 1 },
]

const log = join(tmpdir(), `plugboard-demo-${process.pid}.log`)

/** VM name -> the network in which it is now. */
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
  const frames = frameProbes(lab.vms, of)
  const names = lab.vms.map(({ name }) => name)
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

async function populate(lab: Lab, api: Api): Promise<Map<string, { network: string; vnic: string }>> {
  const objects = new Map<string, { network: string; vnic: string }>()
  for (const { project, network: name, first } of plan) {
    const cloud: Cloud = { url: api.url, project }
    const network = await api.createNetwork(project, { name, engine: options.engine })
    say(`  project ${project}: network ${name}, ${options.engine} ${JSON.stringify(network.segment)}`)
    for (const [index, hypervisor] of lab.hypervisors.entries()) {
      const port = await api.createPort(project, network.id)
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
      objects.set(vmName, { network: network.id, vnic: vnic.id })
      networkOf.set(vmName, name)
      say(`    ${vmName} ${address} on ${hypervisor.id}: VNIC ${vnic.id} is active`)
    }
  }
  return objects
}

async function connected(api: Api, count: number): Promise<void> {
  await until(`${count} hypervisors to be connected`, async () => {
    const hosts = await api.hypervisors()
    return hosts.filter((host) => host.openflow_connected && host.ovsdb_connected).length === count
  })
}

async function restart(lab: Lab, api: Api): Promise<void> {
  say('\nKilling the controller with kill -9 while red-a1 pings red-a2 every 20 ms, and starting it again ...')
  const ping = await lab.background('red-a1', 'ping', '-i', '0.02', '10.0.0.2')
  await lab.controller.stop('SIGKILL')
  const before = await Promise.all(lab.hypervisors.map((host) => host.rules()))
  await lab.controller.start()
  await connected(api, lab.hypervisors.length)
  const again = await Promise.all(lab.hypervisors.map((host) => host.rules()))
  const { answered, lost } = lostPings(await ping.stop())
  const same = JSON.stringify(before) === JSON.stringify(again)
  say(
    `  ${answered} pings answered, ${lost} lost; the rules on the switches are ${same ? 'the same as before' : 'NOT THE SAME'}`,
  )
  wrong += lost + (same ? 0 : 1) + (answered > 0 ? 0 : 1)
}

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
  ${door} red-a1 ping 10.0.0.2
  ${door} red-a1 ip address
  tail -f ${log}
Ctrl-C, or kill ${process.pid}, ends it.`)
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))
}

async function demo(lab: Lab): Promise<void> {
  say('Starting the controller ...')
  const { url } = await lab.startController({ log })
  const api = new Api(url)
  say(`  it is at ${url} and logs to ${log}`)
  for (const host of lab.hypervisors) await host.join(controllerAddress)
  await connected(api, lab.hypervisors.length)
  say(`  ${lab.hypervisors.length} hypervisors joined, each with one ovs-vsctl set-manager tcp:${controllerAddress}`)
  say('Making networks, ports and VNICs, and plugging them over HTTP ...')
  const objects = await populate(lab, api)
  await show(lab, 'Who can ping whom:')

  const moved = objects.get('red-a3')
  const target = objects.get('red-b1')
  if (moved === undefined || target === undefined) throw new Error('the plan has no red-a3 or red-b1')
  const cloud: Cloud = { url, project: 'red' }
  await unplug(cloud, moved.vnic)
  const port: Port = await api.createPort('red', target.network)
  await plugAndWait(cloud, moved.vnic, port.id)
  networkOf.set('red-a3', 'red-b')
  await show(lab, 'After red-a3 was unplugged, and plugged into network red-b:')

  await restart(lab, api)
  say(wrong === 0 ? '\nAll is as it must be.' : `\n${wrong} things are not as they must be.`)
  process.exitCode = wrong === 0 ? 0 : 1
  if (options.keep) await keep(lab, api)
}

if (options.engine !== 'vlan' && options.engine !== 'vxlan') {
  misused(`--engine is vlan or vxlan, not ${options.engine}`)
}
say('Building 3 hypervisors with Open vSwitch, and a physical network between them ...')
const lab = await startLab({ hypervisors: 3 })
try {
  await demo(lab)
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
await lab.close()
if (process.exitCode === 0) await rm(log, { force: true })
else console.error(`The controller's log: ${log}`)
