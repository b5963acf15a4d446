/** The demo of engine `nat-ipv4`: two VMs with floating addresses, and a host of the physical network. */
import type { Api } from './api.ts'
import { addInterface, type Cloud, createVnic, plugAndWait } from './compute.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { Lab } from './lab.ts'
import { askForAddress, BEYOND, pings, ROUTER, startRouter } from './nat-ground.ts'

const PREFIX = '203.0.113.64/26'
const project = 'red'

interface Machine {
  readonly name: string
  /** The address at which others reach the machine. */
  readonly address: string
  /** The private address of a VM. */
  readonly inside?: string
}

/** Makes the cloud, and shows who reaches whom. @returns the number of failures, and two machines for the ping during the restart */
export async function natDemo(lab: Lab, api: Api, hosts: readonly Hypervisor[], say: (text: string) => void) {
  await startRouter(lab)
  say(`  the host "outside" is the router of the physical network, ${ROUTER}; beyond it is ${BEYOND}`)
  const network = await api.createNetwork(project, {
    name: 'red-a',
    engine: 'nat-ipv4',
    address_prefix: PREFIX,
    dns: ['9.9.9.9'],
  })
  say(`  project ${project}: network red-a, nat-ipv4, floating addresses of ${PREFIX}`)
  const machines: Machine[] = []
  for (const [index, hypervisor] of hosts.slice(0, 2).entries())
    machines.push(await startVm(lab, api, network.id, hypervisor, `red-a${index + 1}`, say))
  const outside = { name: 'outside', address: ROUTER }
  const wrong = await show(lab, [...machines, outside], say)
  return { wrong, pinging: [machines[0]?.name ?? '', BEYOND] as const }
}

async function startVm(
  lab: Lab,
  api: Api,
  network: string,
  hypervisor: Hypervisor,
  name: string,
  say: (text: string) => void,
): Promise<Machine> {
  const cloud: Cloud = { url: api.url, project }
  const port = await api.createPort(project, network)
  const vnic = await createVnic(cloud, { vm_id: name })
  const vm = await lab.startVm({ name, hypervisor, vnicId: vnic.id, mac: vnic.mac_address, addresses: [] })
  await addInterface((...argv) => hypervisor.run(...argv), vm.interface, vnic)
  await plugAndWait(cloud, vnic.id, port.id)
  say(`    ${name} on ${hypervisor.id}: floating address ${port.floating_address}; its DHCP client got a`)
  say(`      ${await askForAddress(lab, name)}`)
  return { name, address: String(port.floating_address), inside: String(port.private_address) }
}

async function show(lab: Lab, machines: readonly Machine[], say: (text: string) => void): Promise<number> {
  let wrong = 0
  const cell = async (from: Machine, to: Machine): Promise<string> => {
    if (from === to) return '-'
    const reached = (await pings(lab, from.name, to.address)) === 1
    const privately = to.inside !== undefined && (await pings(lab, from.name, to.inside, 1, '-w', '1')) > 0
    if (!reached || privately) wrong += 1
    return privately ? 'BY ITS PRIVATE ADDRESS' : reached ? 'yes' : 'NO'
  }
  say('\nWho can ping whom by floating address:')
  const width = Math.max(...machines.map(({ name, address }) => name.length + address.length + 3)) + 2
  const head = machines.map(({ name, address }) => `${name} (${address})`)
  say(`    ${''.padEnd(10)}${head.map((text) => text.padEnd(width)).join('')}`.trimEnd())
  for (const from of machines) {
    const cells: string[] = []
    for (const to of machines) cells.push((await cell(from, to)).padEnd(width))
    say(`    ${from.name.padEnd(10)}${cells.join('')}`.trimEnd())
  }
  say('    yes: reached, as it must be   -: itself   nobody is reached by a private address, as it must be')
  for (const { name, inside } of machines) {
    if (inside === undefined) continue
    const there = await pings(lab, name, BEYOND, 1, '-s', '4000')
    say(`    ${name} ${there === 1 ? 'reaches' : 'DOES NOT REACH'} ${BEYOND} beyond the router, in fragments`)
    wrong += 1 - there
  }
  return wrong
}
