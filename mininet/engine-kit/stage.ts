/**
 * The lab of the kit: two hypervisors with real Open vSwitch, and a controller with all built-in engines and the engines under
 * test. Each built-in engine has a network or line with two VMs. All networks and lines use the same addresses.
 */

import { ENGINE_ALIASES } from '../../src/engines/engine-list.ts'
import type { Api, Port } from '../api.ts'
import { project } from '../cloud-state.ts'
import { addInterface, type Vnic } from '../compute.ts'
import { differences } from '../experiment.ts'
import { readFrame } from '../frames.ts'
import type { Hypervisor } from '../hypervisor.ts'
import type { Lab, Vm } from '../lab.ts'
import { isLearned } from '../learned-rules.ts'
import { configure, unanswered } from '../nat-ground.ts'
import { frameProbes, pingProbes } from '../probes.ts'
import { type Scene, startScene } from '../scene.ts'
import { absolute, BUILT_IN, type EngineUnderTest, FLOATING, PHYSICAL_NETWORKS, PLACES } from './description.ts'
import { furtherOf, type SubPort, setTrunk } from './trunk.ts'

/** A network, or the two ends of a line. */
export interface Domain {
  readonly alias: string
  readonly name: string
  /** null: a line. */
  readonly network: string | null
  /** Present if the members of the engine share no Ethernet. */
  readonly reached: EngineUnderTest['reached']
  /** The ports of a line, by hypervisor. */
  readonly ends: ReadonlyMap<string, string>
}

/** A VM with its VNIC. */
export interface Station {
  vm: Vm
  readonly vnic: Vnic
  /** The port that its VNIC is plugged into; null: none. */
  attachment: { readonly domain: Domain; readonly port: string } | null
  /** The sub-ports of its port, by tag. */
  trunk: ReadonlyMap<number, SubPort>
  up: boolean
}

export class Stage {
  readonly #scene: Scene
  readonly stations: Station[] = []
  readonly #neighbours: Domain[] = []

  static async set(tests: readonly EngineUnderTest[]): Promise<Stage> {
    const modules = tests.map(({ engine }) => absolute(engine)).filter((wish) => typeof wish !== 'string')
    const config = {
      engines: [...ENGINE_ALIASES, ...modules],
      physical_networks: Object.fromEntries(
        PHYSICAL_NETWORKS.map((name) => [name, { vlans: '100-4000', floating: [FLOATING] }]),
      ),
    }
    const scene = await startScene({
      hypervisors: PLACES.length,
      physicalNetworks: PHYSICAL_NETWORKS,
      // JSON is valid YAML.
      config: JSON.stringify(config),
    })
    const stage = new Stage(scene)
    try {
      for (const test of BUILT_IN) {
        const domain = await stage.make(String(test.engine), test, 2)
        stage.#neighbours.push(domain)
        for (const [index, host] of stage.lab.hypervisors.entries()) await stage.enter(test, domain, host, index)
      }
    } catch (error) {
      await stage.close()
      throw error
    }
    return stage
  }

  private constructor(scene: Scene) {
    this.#scene = scene
  }

  get lab(): Lab {
    return this.#scene.lab
  }

  get api(): Api {
    return this.#scene.api
  }

  /** Waits until both hypervisors have both connections, and the controller has seen the content of their databases. */
  async connected(): Promise<void> {
    await this.#scene.connected()
    for (const host of this.lab.hypervisors) await this.#scene.seen(host)
  }

  active(station: Station): Promise<unknown> {
    return this.#scene.vnicIs(station.vnic.id, 'active')
  }

  /** Creates the nth network or line of an engine. */
  async make(alias: string, test: EngineUnderTest, n: number): Promise<Domain> {
    const name = `${alias} ${'abc'[n]}`
    if (!test.port) {
      const network = await this.#post('/networks', { ...test.network?.(n), engine: alias })
      return { alias, name, reached: test.reached, network: network.id, ends: new Map() }
    }
    const [one, other] = PLACES
    const ends = new Map<string, string>()
    for (const [here, there] of [[one, other] as const, [other, one] as const]) {
      const port = await this.#post('/ports', { ...test.port(n, here, there), engine: alias })
      ends.set(here.hypervisor, port.id)
    }
    return { alias, name, reached: undefined, network: null, ends }
  }

  /** Starts a VM with the addresses of the nth member of every domain, and plugs it in. */
  async enter(test: EngineUnderTest, domain: Domain, hypervisor: Hypervisor, n: number): Promise<Station> {
    const mac = `02:00:00:00:aa:0${n + 1}`
    const vnic = await this.#post<Vnic>('/vnics', test.vnic?.() ?? { mac_address: mac })
    const name = `${domain.name.replace(' ', '-')}${n + 1}`
    const vm = await this.lab.startVm({ name, hypervisor, vnicId: vnic.id, mac, addresses: [`10.0.0.${n + 1}/24`] })
    await addInterface((...argv) => hypervisor.run(...argv), vm.interface, vnic)
    const station: Station = { vm, vnic, attachment: null, trunk: new Map(), up: true }
    this.stations.push(station)
    await this.plug(station, domain)
    return station
  }

  async plug(station: Station, domain: Domain): Promise<void> {
    const port = await this.portIn(domain, station.vm)
    const vnic = await this.replug(station, port)
    if (vnic.status !== 'active') throw new Error(`${station.vm.name} is not active: ${JSON.stringify(vnic)}`)
    Object.assign(station, { attachment: { domain, port }, up: true })
  }

  /** A new port of the network, or the end of the line at the VM's hypervisor. */
  async portIn({ network, ends }: Domain, { hypervisor }: Vm): Promise<string> {
    return network ? (await this.#post(`/networks/${network}/ports`, {})).id : (ends.get(hypervisor.id) ?? '')
  }

  replug({ vnic }: Station, port: string): Promise<Vnic> {
    return this.api.must('PUT', `${PATH}/vnics/${vnic.id}/port`, { port_id: port }, { prefer: 'wait=30' })
  }

  async unplug(station: Station): Promise<void> {
    const { attachment, vnic } = station
    if (station.trunk.size > 0) await setTrunk(this, station, [])
    await this.api.must('DELETE', `${PATH}/vnics/${vnic.id}/port`)
    station.attachment = null
    if (attachment?.domain.network) await this.api.must('DELETE', `${PATH}/ports/${attachment.port}`)
  }

  /** Migrates a VM: prepares the target, makes the interface there, and then removes the old interface. */
  async migrate(station: Station, hypervisor: Hypervisor): Promise<void> {
    const { vm: old, vnic } = station
    const path = `${PATH}/vnics/${vnic.id}/migration`
    const said = await this.api.must<Vnic>('POST', path, { hypervisor: hypervisor.id }, { prefer: 'wait=30' })
    if (said.migration?.status !== 'prepared') throw new Error(`${old.name} is not prepared: ${JSON.stringify(said)}`)
    const { mac, addresses, vnicId } = old
    const name = `${old.name.replace(/-at-.*/, '')}-at-${hypervisor.id}`
    station.vm = await this.lab.startVm({ name, hypervisor, vnicId, mac, addresses })
    await addInterface((...argv) => hypervisor.run(...argv), station.vm.interface, vnic)
    await this.api.must('POST', path, { hypervisor: hypervisor.id, activate: true }, { prefer: 'wait=30' })
    await this.#scene.boundTo(vnicId, { hypervisor: hypervisor.id, interface: station.vm.interface })
    await this.active(station)
    await this.lab.removeVm(old)
  }

  async setAdmin(station: Station, up: boolean): Promise<void> {
    await this.api.must('PATCH', `${PATH}/ports/${station.attachment?.port}`, { admin_state_up: up })
    station.up = up
  }

  /** The network of another engine for the parent port of a trunk with sub-ports of this engine. */
  homeFor(alias: string): Domain {
    const home = this.#neighbours.find((domain) => domain.network && domain.alias !== alias)
    if (!home) throw new Error(`no built-in engine but ${alias} has networks`)
    return home
  }

  async limit(station: Station, limit: object | null): Promise<void> {
    await this.api.must('PATCH', `${PATH}/ports/${station.attachment?.port}`, { rate_limit: limit })
  }

  async leave(station: Station): Promise<void> {
    await this.unplug(station)
    await this.lab.removeVm(station.vm)
    await this.api.must('DELETE', `${PATH}/vnics/${station.vnic.id}`)
    this.stations.splice(this.stations.indexOf(station), 1)
  }

  /** Removes the VMs of these domains, and destroys the domains. */
  async strike(domains: readonly Domain[]): Promise<void> {
    const isOf = (domain: Domain | undefined) => domain !== undefined && domains.includes(domain)
    const theirs = ({ attachment, trunk }: Station) =>
      isOf(attachment?.domain) || [...trunk.values()].some((one) => isOf(one.domain))
    for (const station of this.stations.filter(theirs)) await this.leave(station)
    for (const { network, ends } of domains) {
      for (const port of ends.values()) await this.api.must('DELETE', `${PATH}/ports/${port}`)
      if (network) await this.api.must('DELETE', `${PATH}/networks/${network}`)
    }
  }

  /** Removes the neighbours, at the end. */
  strikeNeighbours(): Promise<void> {
    return this.strike(this.#neighbours)
  }

  /** The rules and meters of each hypervisor. */
  rules(): Promise<ReadonlyArray<readonly string[]>> {
    // Learned rules depend on the traffic, so they are left out.
    const made = async (host: Hypervisor) => (await host.rules()).filter((rule) => !isLearned(rule))
    return Promise.all(this.lab.hypervisors.map(made))
  }

  /** Every frame that is missing or must not arrive, among all VMs of all engines. An empty list means no failures. */
  async wrongs(): Promise<string[]> {
    const { vms } = this.lab
    const names = vms.map(({ name }) => name)
    await this.lab.settle()
    const domainOf = (vm: Vm) => {
      const domain = this.#domainOf(vm)
      return domain?.reached ? vm.name : domain?.name
    }
    const pings = pingProbes(vms, domainOf)
    const further = (vm: Vm) => furtherOf(this.stations.find((each) => each.vm === vm))
    const frames = frameProbes(vms, domainOf, { vids: [100], further }).map((send) => {
      const from = this.stations.find(({ vm }) => vm.name === send.from)
      if (!from || isEthernet(from) || readFrame(send.bytes.toString('hex')).vids.length > 0) return send
      const domain = domainOf(from.vm)
      const others = vms.filter((vm) => vm !== from.vm && domain !== undefined && domainOf(vm) === domain)
      return { ...send, to: others.map(({ name }) => name) }
    })
    return [
      ...differences(pings, await this.lab.experiment(pings), names),
      ...differences(frames, await this.lab.experiment(frames), names),
      ...(await this.#unreached()),
    ]
  }

  /** The members of engines without a common Ethernet that do not answer at their address. */
  async #unreached(): Promise<string[]> {
    const there: Array<{ readonly name: string; readonly address: string }> = []
    for (const { vm, attachment, up } of this.stations) {
      if (!attachment?.domain.reached || !up) continue
      const port = await this.api.must<Port>('GET', `${PATH}/ports/${attachment.port}`)
      const { address, inside, gateway } = attachment.domain.reached(port)
      await configure(this.lab, vm.name, inside, gateway)
      there.push({ name: vm.name, address })
    }
    return unanswered(this.lab, there)
  }

  #domainOf(vm: Vm): Domain | undefined {
    const station = this.stations.find((each) => each.vm === vm)
    return station?.up ? station.attachment?.domain : undefined
  }

  #post<Made extends { readonly id: string }>(path: string, body: object): Promise<Made> {
    return this.api.must('POST', `${PATH}${path}`, body)
  }

  /** The last lines of the controller's log, for the report of a failure. */
  lastLines(): Promise<string> {
    return this.#scene.lastLines()
  }

  close(): Promise<void> {
    return this.#scene.close()
  }
}

const PATH = `/v1/projects/${project}`

const isEthernet = ({ vnic }: Station): boolean => 'mac_address' in vnic
