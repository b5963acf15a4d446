/** NATed IPv4 networks in the lab: a router on the physical network, VMs with addresses from DHCP, and their traffic. */
import type { Network, Port } from './api.ts'
import { LabError } from './channel.ts'
import { project } from './cloud-state.ts'
import { isRouted } from './fabric.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { Lab } from './lab.ts'
import type { Scene, Station } from './scene.ts'

export const ROUTER = '203.0.113.1'
/** An address behind the router. */
export const BEYOND = '198.51.100.1'

/** @param more further settings of the pool, such as `vlan: 50` */
export const floatingConfig = (more = ''): string => `
physical_networks:
  physnet1:
    vlans: 100-4000
    floating:
      - { prefix: 203.0.113.0/24, gateway_ip: ${ROUTER}${more === '' ? '' : `, ${more}`} }
`

export async function startRouter(lab: Lab): Promise<void> {
  // The router must compute checksums itself: there is no device that does, and connection tracking checks them.
  await must(lab, 'outside', 'ethtool', '-K', 'eth1', 'tx', 'off')
  await must(lab, 'outside', 'ip', 'link', 'set', 'lo', 'up')
  await must(lab, 'outside', 'ip', 'addr', 'add', `${ROUTER}/24`, 'dev', 'eth1')
  await must(lab, 'outside', 'ip', 'addr', 'add', `${BEYOND}/32`, 'dev', 'lo')
}

export interface NatStation extends Station {
  readonly port: Port
  /** The floating address of the VM. */
  readonly address: string
}

/** Starts a VM in a new port of the network. A DHCP client sets its address, default route and MTU. */
export async function natStation(
  scene: Scene,
  hypervisor: Hypervisor,
  network: Network,
  wish: Record<string, unknown> = {},
): Promise<NatStation> {
  const port = await scene.api.createPort(project, network.id, wish)
  const station = await scene.station({ hypervisor, addresses: [] })
  await scene.plugInto(station, port)
  await askForAddress(scene.lab, station.vm.name)
  return Object.assign(station, { port, address: String(port.floating_address) })
}

/** A router, two networks, and three VMs: `a` and `c` are in one network, `b` in the other; `c` alone is on the second hypervisor. */
export async function natCloud(scene: Scene) {
  const [h1, h2] = [scene.lab.hypervisor(1), scene.lab.hypervisor(2)]
  await startRouter(scene.lab)
  const one = await scene.network('nat-ipv4', { address_prefix: '203.0.113.64/26', dns: ['9.9.9.9'] })
  const other = await scene.network('nat-ipv4', { address_prefix: '203.0.113.128/26' })
  return {
    a: await natStation(scene, h1, one),
    b: await natStation(scene, h1, other),
    c: await natStation(scene, h2, one),
  }
}

/** A Python program that sends one datagram, and prints the result. */
const SEND = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.bind(('', int(sys.argv[3])))
s.connect((sys.argv[1], int(sys.argv[2])))
s.send(b'x' * int(sys.argv[4]))
try:
    print(s.recv(2000).decode())
except ConnectionRefusedError:
    print('refused')
except TimeoutError:
    print('nothing')
`

/** Sends a datagram. @returns the result: `refused`, `nothing` or the answer */
export async function sendDatagram(lab: Lab, from: string, to: string, port: number, octets = 5, source = 4001) {
  return (await must(lab, from, 'python3', '-c', SEND, to, String(port), String(source), String(octets))).trim()
}

/** The script of `udhcpc`. It sets address, routes and MTU, and prints the other options. */
const SCRIPT = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr flush dev $interface
ip addr add $ip/$mask dev $interface
ip link set $interface mtu \${mtu:-1500}
ip route add default via $router
echo "lease $ip/$mask router $router dns $dns mtu $mtu server $serverid"
`

/** Gets a lease for a VM. @returns the printed options of the lease */
export async function askForAddress(lab: Lab, vm: string): Promise<string> {
  const file = `/tmp/udhcpc-${process.pid}-${vm}.sh`
  const said = await must(
    lab,
    vm,
    'sh',
    '-c',
    `cat >${file} <<'END'\n${SCRIPT}END\nchmod +x ${file}; udhcpc -i eth0 -n -q -f -t 5 -T 1 -s ${file} 2>&1; code=$?; rm ${file}; exit $code`,
  )
  return /^lease \S+\/.*/m.exec(said)?.[0] ?? said
}

/** Sends pings. @returns the number of answers */
export async function pings(lab: Lab, from: string, to: string, count = 1, ...more: string[]): Promise<number> {
  const { stdout } = await lab.exec(from, 'ping', '-n', '-c', String(count), '-i', '0.2', '-W', '2', ...more, to)
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0)
}

/** Runs a command in a machine. It must succeed. */
export async function must(lab: Lab, machine: string, ...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(machine, ...argv)
  if (code !== 0) throw new LabError(`${machine}: ${argv.join(' ')}: exit ${code}: ${stdout}${stderr}`)
  return stdout
}

/** The failures between the VMs of NATed networks: each VM that is up must reach all others by floating address. */
export async function natWrongs(scene: Scene): Promise<string[]> {
  const { lab, stations } = scene
  const up: Reachable[] = []
  for (const { vm, port, network, up: isUp } of stations.values()) {
    if (!port || !network || !isRouted(network) || !isUp) continue
    const { floating_address: address, private_address: inside } = await scene.showPort(port)
    await configure(lab, vm.name, `${inside}/16`, '100.64.0.1')
    up.push({ name: vm.name, address: String(address) })
  }
  return unanswered(lab, up)
}

/** The longest time until the answer of a ping that must be answered. On a busy machine it may take seconds. */
const MAX_PING_S = '10'

export interface Reachable {
  readonly name: string
  readonly address: string
}

/** Sets the private address and the default route of a VM, as a DHCP client would. Removes earlier addresses. */
export async function configure(lab: Lab, vm: string, inside: string, gateway: string): Promise<void> {
  await must(lab, vm, 'ip', 'addr', 'flush', 'to', '100.64.0.0/10', 'dev', 'eth0')
  await must(lab, vm, 'ip', 'addr', 'add', inside, 'dev', 'eth0')
  await must(lab, vm, 'ip', 'route', 'replace', 'default', 'via', gateway, 'src', inside.replace(/\/.*/, ''))
}

/** Pings between all these machines. @returns descriptions of pings without an answer */
export async function unanswered(lab: Lab, machines: readonly Reachable[]): Promise<string[]> {
  const wrong: string[] = []
  for (const from of machines) {
    for (const to of machines) {
      if (from === to || (await pings(lab, from.name, to.address, 1, '-W', MAX_PING_S)) === 1) continue
      wrong.push(`missing: ping of ${to.name} (${to.address}) by ${from.name}`)
    }
  }
  return wrong
}
