/**
 * A lab: hypervisors with real Open vSwitch, VMs and physical switches. They are in namespaces of this machine, which disappear
 * when the lab ends.
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
  /** The address family of the underlay, for tunnels. */
  readonly underlay?: 'ipv4' | 'ipv6'
  /** The number of machines for controllers. */
  readonly controllers?: number
  /** The number of plain machines on the underlay, `r<n>`. */
  readonly remotes?: number
}

export interface VmSettings {
  readonly name: string
  readonly hypervisor: Hypervisor
  /** The `iface-id` of the interface: the id of the VNIC. */
  readonly vnicId: string
  readonly mac: string
  /** Addresses with prefix length: `10.0.0.1/24`. */
  readonly addresses: readonly string[]
  /** The name of the interface on the hypervisor. Default: a generated name. */
  readonly interface?: string
  /** The machine is at a remote site, so its frames are not filtered. */
  readonly unguarded?: true
}

export interface Vm extends VmSettings {
  /** The name of the interface on the hypervisor. */
  readonly interface: string
}

/** Why a lab cannot run here, as a reason to skip a test; undefined: it can. */
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
  /** Plain machines on the underlay, with an Open vSwitch without a controller. */
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

  /** A hypervisor by its number, from 1. */
  hypervisor(number: number): Hypervisor {
    const found = this.hypervisors[number - 1]
    if (found === undefined) throw new LabError(`the lab has no hypervisor ${number}`)
    return found
  }

  get vms(): readonly Vm[] {
    return [...this.#vms.values()]
  }

  /** The controller that was started first. */
  get controller(): Controller {
    const [first] = this.#controllers
    if (first === undefined) throw new LabError('no controller was started in this lab')
    return first
  }

  /** Runs a command in any machine of the lab: a VM, a host, `outside` or a switch. */
  exec(machine: string, ...argv: readonly string[]): Promise<CommandResult> {
    return this.#channel.call('exec', { machine, argv })
  }

  async startController(settings: ControllerSettings = {}): Promise<Controller> {
    const controller = await Controller.create(this.#channel, this.#directory, settings)
    this.#controllers.push(controller)
    await controller.start()
    return controller
  }

  /** The commands that run in the background. */
  get backgrounds(): ReadonlySet<Background> {
    return this.#backgrounds
  }

  /** Starts a command in a machine, in the background. */
  async background(machine: string, ...argv: readonly string[]): Promise<Background> {
    const log = join(this.#directory, `background-${this.#cables++}.log`)
    return await startBackground(this.#channel, this.#backgrounds, { machine, argv, log })
  }

  /** Starts a VM, and adds its interface to `br-int`, as a compute service does. */
  async addVm(settings: VmSettings): Promise<Vm> {
    const vm = await this.startVm(settings)
    await vm.hypervisor.addInterface(vm.interface, { 'iface-id': vm.vnicId })
    return vm
  }

  /** Starts a VM. Its interface on the hypervisor is on no bridge yet. */
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

  /** Removes a VM. Its interface is removed first, as when a VM shuts down. */
  async removeVm(vm: Vm): Promise<void> {
    await vm.hypervisor.removeInterface(vm.interface)
    await this.#channel.call('remove_vm', { name: vm.name })
    this.#vms.delete(vm.name)
    delete this.#machines[vm.name]
  }

  /** Makes `eth0` of a remote machine the end of a tunnel. The machine takes part in experiments. */
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

  /** Adds an interface to the places where experiments send and listen. */
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

  /** Sends frames and pings. @returns every copy that was seen at a VM, at `outside` or at a port of a switch */
  async experiment(sends: readonly Send[], { limit = 5, quiet = 0.2 } = {}): Promise<readonly Arrival[]> {
    // The kernels of the VMs are to ask for the addresses again.
    const machines = this.vms.map(({ name }) => name)
    if (sends.some(({ ping }) => ping !== undefined)) await this.#channel.call('forget_neighbours', { machines })
    const reply = await this.#channel.call<{ arrivals: [string, 'in' | 'out', string][] }>('experiment', {
      sends: sendsAsJson(sends),
      limit,
      quiet,
    })
    return reply.arrivals.map(([tap, direction, hex]) => ({ tap, direction, hex }))
  }

  /** Records frames of these EtherTypes from now on, at the same places as experiments. */
  overhear(...etherTypes: readonly number[]): Promise<() => Promise<readonly Arrival[]>> {
    return overhear(this.#channel, etherTypes)
  }

  /**
   * Empties the datapath caches of all switches. OVS caches forwarding decisions, and updates them shortly after the rules have
   * changed. But the user-space datapath of OVS 3.1.0 may keep an old decision about a VM on another hypervisor: if two cached
   * decisions match one packet, OVS may update the wrong one and treat the other one as updated. Traffic keeps the old decision
   * alive. `docs/operations.md` says what Plugboard does about it, and `behaviours/cached-flows.test.ts` shows it without this.
   */
  async settle(): Promise<void> {
    await Promise.all(this.hypervisors.map((host) => host.appctl('revalidator/purge')))
  }

  /**
   * Makes all switches learn the MAC addresses of their tunnel peers. Otherwise OVS drops the first packet to a peer, also after a
   * restart of ovs-vswitchd. OVS learns from passing ARP if it has a tunnel, so pings between the hosts' own addresses are enough.
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

  /** Writes a script with which a person can run a command in a host or switch of the lab. @returns its path */
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
