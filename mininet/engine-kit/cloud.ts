/** A small cloud of one engine with random changes, such as requests to the API and reports of hypervisors. */

import type { Engine } from '../../src/core/engine/engine.ts'
import { PlugboardError } from '../../src/core/errors.ts'
import { arrived, callOff, migrate } from '../../src/core/resources/migration.ts'
import { destroyPort, updatePort } from '../../src/core/resources/port.ts'
import { destroyVnic, plug, unplug } from '../../src/core/resources/vnic.ts'
import type { HypervisorId, Key, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import type { Random } from '../random.ts'
import { type EngineUnderTest, PHYSICAL_NETWORKS, PLACES, type Place } from './description.ts'
import { ADMIN, PROJECT, Recorder } from './recorder.ts'

const HOSTS: readonly Place[] = [...PLACES, { hypervisor: 'h3', address: '172.31.0.13' }]
export const HYPERVISORS = HOSTS.map(({ hypervisor }) => hypervisor as HypervisorId)

/** The numbers of networks or lines, of ports in each network, and of VNICs. */
const [DOMAINS, PORTS, VNICS] = [3, 3, 7]

/** The first OpenFlow port that leads to the fabric. */
const FABRIC = 1001

type Happening = (cloud: Cloud, random: Random) => Promise<unknown>

/** The random changes. A change that the engine or the core refuses has no effect. */
const HAPPENINGS: readonly Happening[] = [
  (cloud, random) =>
    cloud.write((draft) => plug(draft, cloud.context, PROJECT, cloud.vnic(random), cloud.port(random), null)),
  (cloud, random) =>
    cloud.write((draft) => plug(draft, cloud.context, PROJECT, cloud.vnic(random), cloud.port(random), null)),
  (cloud, random) => cloud.write((draft) => unplug(draft, PROJECT, cloud.vnic(random), null)),
  (cloud, random) => cloud.bind(cloud.vnic(random), random),
  (cloud, random) => cloud.bind(cloud.vnic(random), random),
  (cloud, random) => {
    const request = { to: random.pick(HYPERVISORS), activate: false }
    return cloud.write((draft) => migrate(draft, PROJECT, cloud.vnic(random), request, null))
  },
  (cloud, random) => cloud.write((draft) => callOff(draft, PROJECT, cloud.vnic(random), null)),
  (cloud, random) => {
    const id = cloud.vnic(random)
    return cloud.write((draft) => draft.change({ kind: 'binding', id, to: null }))
  },
  (cloud, random) => {
    const patch = { admin_state_up: random.chance(60) }
    return cloud.write((draft) => updatePort(draft, cloud.context, PROJECT, cloud.port(random), patch, null, ADMIN))
  },
  (cloud, random) => {
    const rate_limit = random.chance(60) ? { ingress_kbps: 1000, egress_kbps: random.pick([null, 2000]) } : null
    return cloud.write((draft) =>
      updatePort(draft, cloud.context, PROJECT, cloud.port(random), { rate_limit }, null, ADMIN),
    )
  },
  (cloud, random) => {
    const trunk = [100, 200].slice(random.below(3)).map((vlan_id) => ({ vlan_id, port_id: cloud.freePort(random) }))
    return cloud.write((draft) => updatePort(draft, cloud.context, PROJECT, cloud.port(random), { trunk }, null, ADMIN))
  },
  (cloud, random) =>
    cloud.host(random.below(HOSTS.length), random.pick(['whole', 'no encap', 'no mapping', 'no fabric', 'moved'])),
  (cloud, random) => cloud.write((draft) => destroyPort(draft, cloud.context, PROJECT, cloud.port(random), null)),
  (cloud, random) => cloud.write((draft) => destroyVnic(draft, PROJECT, cloud.vnic(random), null)),
  (cloud) => cloud.addPorts(),
  (cloud) => cloud.addVnic(),
]

export class Cloud extends Recorder {
  readonly #engine: Engine
  readonly #test: EngineUnderTest
  readonly #networks: NetworkId[] = []
  /** The number of interfaces made so far. Each one is for a new VNIC. */
  #made = 0

  /** A cloud in which everything is created, plugged and bound, so that changes meet many objects. */
  static async furnished(engine: Engine, test: EngineUnderTest, random: Random): Promise<Cloud> {
    const cloud = new Cloud(engine, test)
    for (const n of HOSTS.keys()) await cloud.host(n, 'whole')
    if (engine.networks && !test.port) {
      for (const n of Array(DOMAINS).keys()) {
        cloud.#networks.push(await cloud.createNetwork({ ...test.network?.(n), engine: engine.alias }))
      }
    }
    await cloud.addPorts()
    for (let n = 0; n < VNICS; n++) await cloud.bind(await cloud.addVnic(), random)
    const ports = [...cloud.graph.ports.keys()]
    for (const [n, vnic] of [...cloud.graph.vnics.keys()].entries()) {
      const port = ports[n]
      if (port) await cloud.write((draft) => plug(draft, cloud.context, PROJECT, vnic, port, null))
    }
    return cloud
  }

  private constructor(engine: Engine, test: EngineUnderTest) {
    super([engine])
    this.#engine = engine
    this.#test = test
  }

  async happen(random: Random): Promise<void> {
    try {
      await random.pick(HAPPENINGS)(this, random)
    } catch (error) {
      if (!(error instanceof PlugboardError) || error.code === 'unavailable') throw error
    }
  }

  /** A random VNIC id, which may be unknown. */
  vnic = (random: Random): VnicId => random.pick([...this.graph.vnics.keys(), 'none' as VnicId])
  port = (random: Random): PortId => random.pick([...this.graph.ports.keys(), 'none' as PortId])
  /** A random port without a VNIC, which may become a sub-port. */
  freePort = (random: Random): PortId => {
    const free = [...this.graph.ports.keys()].filter((id) => !this.graph.vnicOf(id))
    return random.pick([...free, 'none' as PortId])
  }

  async addVnic(): Promise<VnicId> {
    return this.createVnic({ ...this.#test.vnic?.() })
  }

  /** Creates the missing ports. */
  async addPorts(): Promise<void> {
    const { alias } = this.#engine
    for (const network of this.#networks) {
      const there = this.graph.portsOfNetwork.get(network).size
      for (let n = there; n < PORTS; n++) await this.createPort(network, {})
    }
    const { port } = this.#test
    if (!port) return
    const [one, other] = PLACES
    for (const n of Array(DOMAINS).keys()) {
      for (const [here, there] of [[one, other] as const, [other, one] as const]) {
        const name = `line ${n} at ${here.hypervisor}`
        if ([...this.graph.ports.values()].some((port) => port.name === name)) continue
        await this.createPort(null, { ...port(n, here, there), engine: alias, name })
      }
    }
  }

  async bind(id: VnicId, random: Random): Promise<void> {
    const hypervisor = random.pick(HYPERVISORS)
    const ofport = 10 + this.#made++
    const to = { vnicId: id, hypervisor, bridge: 'br-int', interface: `i${ofport}`, ofport }
    await this.write((draft) => {
      arrived(draft, to, draft.graph.bindings.get(id))
      draft.change({ kind: 'binding', id, to })
    })
  }

  async host(n: number, kind: string): Promise<void> {
    const place = HOSTS[n]
    if (!place) throw new RangeError(`there is no host ${n}`)
    const mappings = Object.fromEntries(PHYSICAL_NETWORKS.map((name, index) => [name, `br-eth${index + 1}`]))
    const bridgeMappings = kind === 'no mapping' ? {} : mappings
    const encapIp = kind === 'no encap' ? null : kind === 'moved' ? `198.51.100.${n + 1}` : place.address
    const roles =
      kind === 'no fabric' ? [] : this.#engine.fabricPorts({ bridgeMappings, encapIp }).map(({ role }) => role)
    const to: Hypervisor = {
      id: place.hypervisor as HypervisorId,
      key: (0x7fff0000 + n) as Key,
      hostname: place.hypervisor,
      datapathId: String(n + 1).padStart(16, '0'),
      ovsVersion: '',
      bridgeMappings,
      encapIp,
      fabric: Object.fromEntries(roles.map((role, index) => [role, FABRIC + index])),
      faults: {},
      uplinks: {},
      successor: null,
      address: null,
      hadVnic: true,
      claimsStored: true,
      keepsDecisions: false,
    }
    await this.write((draft) => draft.change({ kind: 'hypervisor', id: to.id, to }))
  }
}
