/**
 * A lab: hypervisors with real Open vSwitch, VMs and physical switches, in namespaces of this machine that vanish with it.
 *
 *     const lab = await startLab({ hypervisors: 3 })
 *     const controller = await lab.startController()
 *     await lab.hypervisor(1).join(controllerAddress)
 *
 * Each host h<n> has three cables: `mgmt0` to the controller, `phy0` in `br-phy` for tunnels, and per physical network an
 * `eth<n>` in `br-eth<n>`. A machine `outside` on every physical network stands for a server that is no VM.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Background, startBackground } from './background.ts'
import { Channel, LabError } from './channel.ts'
import { Controller, type ControllerSettings, controllerPlace } from './controller.ts'
import { type Arrival, type Send, sendsAsJson } from './experiment.ts'
import { type CommandResult, Hypervisor } from './hypervisor.ts'
import { overhear } from './overhear.ts'
import { closeTunnel, openTunnel, type RemoteEthernet, type Tunnel } from './remote.ts'
import { until } from './until.ts'

export interface LabSettings {
  readonly hypervisors: number
  readonly physicalNetworks?: readonly string[]
  /** The family of the hosts' addresses for tunnels. */
  readonly underlay?: 'ipv4' | 'ipv6'
  /** Machines for controllers. */
  readonly controllers?: number
  /** Plain machines on the underlay, `r<n>`. */
  readonly remotes?: number
}

export interface VmSettings {
  readonly name: string
  readonly hypervisor: Hypervisor
  /** The `iface-id` of its interface: the id of its VNIC. */
  readonly vnicId: string
  readonly mac: string
  /** With prefix length, `10.0.0.1/24`. */
  readonly addresses: readonly string[]
  /** A name for its interface on the hypervisor, where it matters. */
  readonly interface?: string
  /** What it sends is not filtered: it is a machine at a remote site. */
  readonly unguarded?: true
}

export interface Vm extends VmSettings {
  /** Its interface on the hypervisor. */
  readonly interface: string
}

/** Why a lab cannot run here, or undefined: a reason to skip a test, in words for the person who reads it. */
export function whyNoLab(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'needs root: it makes network namespaces and runs Open vSwitch in them'
}

export async function startLab(settings: LabSettings): Promise<Lab> {
  const { hypervisors, physicalNetworks = ['physnet1'], underlay = 'ipv4', controllers = 1, remotes = 0 } = settings
  const directory = await mkdtemp(join(tmpdir(), 'plugboard-lab-'))
  const channel = new Channel(directory)
  const network = underlay === 'ipv4' ? '172.31.0.' : 'fd31::'
  const some = (count: number, prefix: string, first: number, physicalNetworks: readonly string[]) =>
    Array.from({ length: count }, (_, index) => {
      const id = `${prefix}${index + 1}`
      return new Hypervisor({ channel, id, encapIp: `${network}${first + index}`, physicalNetworks })
    })
  const hosts = some(hypervisors, 'h', 11, physicalNetworks)
  const others = some(remotes, 'r', 101, [])
  const addresses = (machines: readonly Hypervisor[]) =>
    Object.fromEntries(machines.map(({ id, encapIp }) => [id, encapIp]))
  const places = Array.from({ length: controllers }, (_, index) => controllerPlace(index + 1))
  const { machines } = await channel.call<{ machines: Record<string, number> }>('build', {
    hypervisors: addresses(hosts),
    remotes: addresses(others),
    controllers: Object.fromEntries(places.map(({ machine, address }) => [machine, address.replace(/:.*/, '')])),
    physical: physicalNetworks,
    underlay,
  })
  const lab = new Lab({ channel, directory, hosts, remotes: others, physicalNetworks }, machines)
  await lab.warmUnderlay()
  return lab
}

interface Built {
  readonly channel: Channel
  readonly directory: string
  readonly hosts: readonly Hypervisor[]
  readonly remotes: readonly Hypervisor[]
  readonly physicalNetworks: readonly string[]
}

export class Lab {
  readonly #channel: Channel
  readonly #machines: Record<string, number>
  readonly #vms = new Map<string, Vm>()
  readonly #directory: string
  readonly #controllers: Controller[] = []
  readonly #backgrounds = new Set<Background>()
  #cables = 0
  readonly hypervisors: readonly Hypervisor[]
  /** Plain machines on the underlay, with an Open vSwitch that no controller knows. */
  readonly remotes: readonly Hypervisor[]
  readonly physicalNetworks: readonly string[]

  constructor({ channel, directory, hosts, remotes, physicalNetworks }: Built, machines: Record<string, number>) {
    this.#channel = channel
    this.#directory = directory
    this.#machines = machines
    this.hypervisors = hosts
    this.remotes = remotes
    this.physicalNetworks = physicalNetworks
  }

  /** Counted from 1, as their names are. */
  hypervisor(number: number): Hypervisor {
    const found = this.hypervisors[number - 1]
    if (found === undefined) throw new LabError(`the lab has no hypervisor ${number}`)
    return found
  }

  get vms(): readonly Vm[] {
    return [...this.#vms.values()]
  }

  /** The one that was started first. */
  get controller(): Controller {
    const [first] = this.#controllers
    if (first === undefined) throw new LabError('no controller was started in this lab')
    return first
  }

  /** A command in any machine of the lab: a VM, a host, `outside`, a switch. */
  exec(machine: string, ...argv: readonly string[]): Promise<CommandResult> {
    return this.#channel.call('exec', { machine, argv })
  }

  async startController(settings: ControllerSettings = {}): Promise<Controller> {
    const controller = await Controller.create(this.#channel, this.#directory, settings)
    this.#controllers.push(controller)
    await controller.start()
    return controller
  }

  /** The commands that go on. */
  get backgrounds(): ReadonlySet<Background> {
    return this.#backgrounds
  }

  /** A command that goes on in a machine. */
  async background(machine: string, ...argv: readonly string[]): Promise<Background> {
    const log = join(this.#directory, `background-${this.#cables++}.log`)
    return await startBackground(this.#channel, this.#backgrounds, { machine, argv, log })
  }

  /** A VM with its cable, and the interface on `br-int` that a compute service would make for it. */
  async addVm(settings: VmSettings): Promise<Vm> {
    const vm = await this.startVm(settings)
    await vm.hypervisor.addInterface(vm.interface, { 'iface-id': vm.vnicId })
    return vm
  }

  /** A VM whose cable ends on its hypervisor, on no bridge yet. */
  async startVm(settings: VmSettings): Promise<Vm> {
    const vm = { interface: `vnet${this.#cables++}`, ...settings }
    const { pid } = await this.#channel.call<{ pid: number }>('add_vm', {
      name: vm.name,
      hypervisor: vm.hypervisor.id,
      interface: vm.interface,
      mac: vm.mac,
      addresses: vm.addresses,
    })
    this.#vms.set(vm.name, vm)
    this.#machines[vm.name] = pid
    return vm
  }

  /** Its interface goes first, as when a VM is shut down. */
  async removeVm(vm: Vm): Promise<void> {
    await vm.hypervisor.removeInterface(vm.interface)
    await this.#channel.call('remove_vm', { name: vm.name })
    this.#vms.delete(vm.name)
    delete this.#machines[vm.name]
  }

  /** Make `eth0` of a remote machine the end of a tunnel, and the machine one of those that send and are listened to. */
  async addRemote(machine: Hypervisor, ethernet: RemoteEthernet): Promise<Vm> {
    await openTunnel(machine, ethernet)
    const { mac, addresses } = ethernet
    const vm: Vm = {
      name: machine.id,
      hypervisor: machine,
      vnicId: '',
      mac,
      addresses,
      interface: 'eth0',
      unguarded: true,
    }
    this.#vms.set(vm.name, vm)
    await this.tap(vm.name, machine, 'eth0')
    return vm
  }

  /** Send and listen at one more interface, under this name. */
  async tap(name: string, machine: Hypervisor, at: string): Promise<void> {
    await this.#channel.call('tap', { name, machine: machine.id, interface: at })
  }

  async untap(name: string): Promise<void> {
    await this.#channel.call('untap', { name })
  }

  async removeRemote({ name, hypervisor }: Vm, tunnel: Pick<Tunnel, 'type'>): Promise<void> {
    await this.untap(name)
    this.#vms.delete(name)
    await closeTunnel(hypervisor, tunnel)
  }

  /** Sends frames and pings, and returns every copy of them seen by any VM, by `outside`, and at any port of the switches. */
  async experiment(sends: readonly Send[], { limit = 5, quiet = 0.2 } = {}): Promise<readonly Arrival[]> {
    if (sends.some(({ ping }) => ping !== undefined)) await this.forgetNeighbours()
    const reply = await this.#channel.call<{ arrivals: [string, 'in' | 'out', string][] }>('experiment', {
      sends: sendsAsJson(sends),
      limit,
      quiet,
    })
    return reply.arrivals.map(([tap, direction, hex]) => ({ tap, direction, hex }))
  }

  /** Frames of these EtherTypes from now on, heard at the same places. */
  overhear(...etherTypes: readonly number[]): Promise<() => Promise<readonly Arrival[]>> {
    return overhear(this.#channel, etherTypes)
  }

  /** Every VM forgets the MAC addresses that it learned or failed to learn by ARP, so that its next packet asks again. */
  async forgetNeighbours(): Promise<void> {
    await Promise.all(this.vms.map((vm) => this.exec(vm.name, 'ip', 'neigh', 'flush', 'all')))
  }

  /**
   * From here on no switch goes by decisions that it took before. OVS keeps them in a cache that follows the rules a little
   * later; but the user-space datapath of OVS 3.1.0 may keep one for good. Where two cached decisions match one packet, to
   * change the one it looks it up by a packet and changes whichever it finds, and takes the other one for changed; packets
   * that pass keep it alive, and go where they went before the rules changed. So the cache is emptied.
   */
  async settle(): Promise<void> {
    await Promise.all(this.hypervisors.map((host) => host.appctl('revalidator/purge')))
  }

  /**
   * OVS drops the packet for which it must first ask for a tunnel peer's MAC address, and asks again after a restart of
   * ovs-vswitchd. It also learns from what passes as soon as it has a tunnel, so a ping between the hosts' own addresses
   * settles it.
   */
  async warmUnderlay(): Promise<void> {
    const all = [...this.hypervisors, ...this.remotes]
    await Promise.all(
      all.map(async (from) => {
        const hasTunnels = /^"?(vxlan|geneve|gre)/m.test(
          await from.vsctl('--bare', '--columns=type', 'list', 'Interface'),
        )
        for (const to of all.filter((other) => other !== from)) {
          await until(`${from.id} to reach ${to.id} on the underlay`, async () => {
            await from.exec('ip', 'neigh', 'flush', 'to', to.encapIp)
            if ((await from.exec('ping', '-c', '1', '-W', '1', to.encapIp)).code !== 0) return false
            return !hasTunnels || (await from.appctl('tnl/neigh/show')).split(/\s/).includes(to.encapIp)
          })
        }
      }),
    )
  }

  /** Writes a script that runs a command in a host or switch of the lab, for a person; returns its path. */
  async writeDoor(): Promise<string> {
    const { pid } = this.#channel
    const inside = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    const cases = Object.entries(this.#machines).map(([name, pid]) => `  ${name}) pid=${pid} ;;`)
    const path = join(this.#directory, 'in')
    const script = [
      '#!/bin/sh',
      '# in MACHINE COMMAND...: run a command in a machine of the lab',
      'machine=$1; [ $# -eq 0 ] || shift',
      'case $machine in',
      ...cases,
      `  *) echo "machines: ${Object.keys(this.#machines).join(' ')}" >&2; exit 2 ;;`,
      'esac',
      `export OVS_RUNDIR=${this.#directory}/$machine`,
      `exec nsenter --target ${inside.trim()} --net --mount --pid mnexec -a $pid "$@"`,
    ]
    await writeFile(path, `${script.join('\n')}\n`, { mode: 0o755 })
    return path
  }

  /** Ends every process of the lab and removes its files. */
  async close(): Promise<void> {
    for (const controller of this.#controllers) controller.close()
    await this.#channel.close()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
