/**
 * A lab: hypervisors with real Open vSwitch, VMs and physical switches, in namespaces of this machine that vanish with it.
 *
 *     const lab = await startLab({ hypervisors: 3 })
 *     const controller = await lab.startController()
 *     await lab.hypervisor(1).join(controllerAddress)
 *
 * Each host h<n> has three cables: `mgmt0` to the controller, `phy0` in `br-phy` for tunnels, and per physical network an
 * `eth<n>` in `br-eth<n>`. A machine `outside`, on every physical network, is somebody else's server there.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Channel, LabError } from './channel.ts'
import { Controller, type ControllerSettings } from './controller.ts'
import { type Arrival, type Send, sendsAsJson } from './experiment.ts'
import { type CommandResult, Hypervisor } from './hypervisor.ts'
import { until } from './until.ts'

export interface LabSettings {
  readonly hypervisors: number
  readonly physicalNetworks?: readonly string[]
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
}

export interface Vm extends VmSettings {
  /** Its interface on the hypervisor. */
  readonly interface: string
}

/** Why a lab cannot run here, or undefined: a reason to skip a test, in words for the person who reads it. */
export function whyNoLab(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'needs root: it makes network namespaces and runs Open vSwitch in them'
}

export async function startLab({ hypervisors, physicalNetworks = ['physnet1'] }: LabSettings): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), 'plugboard-lab-'))
  const channel = new Channel(directory)
  const { machines } = await channel.call<{ machines: Record<string, number> }>('build', {
    hypervisors,
    physical: physicalNetworks,
  })
  const hosts = Array.from({ length: hypervisors }, (_, index) => new Hypervisor({ channel, index, physicalNetworks }))
  const lab = new Lab(channel, directory, hosts, machines)
  await lab.warmUnderlay()
  return lab
}

export class Lab {
  readonly #channel: Channel
  readonly #machines: Record<string, number>
  readonly #vms = new Map<string, Vm>()
  readonly #directory: string
  #controller: Controller | undefined
  #cables = 0
  readonly hypervisors: readonly Hypervisor[]

  constructor(channel: Channel, directory: string, hosts: readonly Hypervisor[], machines: Record<string, number>) {
    this.#channel = channel
    this.#directory = directory
    this.#machines = machines
    this.hypervisors = hosts
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

  get controller(): Controller {
    if (this.#controller === undefined) throw new LabError('no controller was started in this lab')
    return this.#controller
  }

  /** A command in any machine of the lab: a VM, a host, `outside`, a switch. */
  exec(machine: string, ...argv: readonly string[]): Promise<CommandResult> {
    return this.#channel.call('exec', { machine, argv })
  }

  async startController(settings: ControllerSettings = {}): Promise<Controller> {
    this.#controller = await Controller.create(this.#channel, this.#directory, settings)
    await this.#controller.start()
    return this.#controller
  }

  /** A command that goes on in a machine; `stop` interrupts it, as Ctrl-C would, and returns all that it printed. */
  async background(machine: string, ...argv: readonly string[]): Promise<{ stop(): Promise<string> }> {
    const log = join(this.#directory, `background-${this.#cables++}.log`)
    const { pid } = await this.#channel.call<{ pid: number }>('spawn', { machine, argv, log, env: {} })
    const ended = this.#channel.exit(pid)
    const stop = async () => {
      await this.#channel.call('kill', { pid, signal_number: constants.signals.SIGINT })
      await ended
      return await readFile(log, 'utf8')
    }
    return { stop }
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

  /** Everybody forgets the MAC addresses learned by ARP, and whom they asked for in vain: the next packet asks afresh. */
  async forgetNeighbours(): Promise<void> {
    await Promise.all(this.vms.map((vm) => this.exec(vm.name, 'ip', 'neigh', 'flush', 'all')))
  }

  /**
   * Waits until no switch goes by decisions that it took before now. OVS keeps them in a cache that follows the rules a
   * little later; each round over the cache that ends was begun after the one before it had ended, so two are enough.
   */
  async settle(): Promise<void> {
    await Promise.all(
      this.hypervisors.map(async (host) => {
        await host.appctl('revalidator/wait')
        await host.appctl('revalidator/wait')
      }),
    )
  }

  /**
   * OVS drops the packet for which it must first ask for a tunnel peer's MAC address, and asks again after a restart of
   * ovs-vswitchd. It also learns from what passes, so a ping between the hosts' own addresses settles it.
   */
  async warmUnderlay(): Promise<void> {
    const pairs = this.hypervisors.flatMap((from) =>
      this.hypervisors.filter((to) => to !== from).map((to) => ({ from, to })),
    )
    await Promise.all(
      pairs.map(async ({ from, to }) => {
        await from.exec('ip', 'neigh', 'flush', 'all')
        await until(`${from.id} to reach ${to.id} on the underlay`, async () => {
          return (await from.exec('ping', '-c', '1', '-W', '1', to.encapIp)).code === 0
        })
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
    this.#controller?.close()
    await this.#channel.close()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
