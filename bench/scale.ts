/** Measures compile and delta of a plug in clouds of 100 and of 10,000 VNICs, in networks of fifty. */
import { compile, type Engines } from '../flows/compile.ts'
import { Ledger } from '../flows/diff.ts'
import { engineTables } from '../flows/pipeline/table.ts'
import { vlanRules } from '../src/engines/vlan/vlan-rules.ts'
import { vxlanRules } from '../src/engines/vxlan/vxlan-rules.ts'
import { apply, type Change } from '../topology/change.ts'
import { Graph } from '../topology/graph.ts'
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from '../topology/ids.ts'
import type { Network } from '../topology/model.ts'
import { stale } from '../topology/stale.ts'
import { timesOf } from './figures.ts'
import { NETWORK } from './plugboard.ts'

const HYPERVISORS = 20
/** The number of plugs around each size. Their median is the result. */
const SAMPLES = 50

const ENGINES: Engines = new Map([
  ['vlan', { rules: vlanRules, tables: engineTables(0) }],
  ['vxlan', { rules: vxlanRules, tables: engineTables(1) }],
])

export interface ScaleTimes {
  readonly engine: string
  /** Medians, milliseconds. */
  readonly early: number
  readonly late: number
  readonly rules: number
}

/** @param early @param late the numbers of VNICs at which a plug is measured */
export function scaleTimes(engine: 'vlan' | 'vxlan', early: number, late: number): ScaleTimes {
  // Grows a first cloud to warm up the JIT compiler, so that the early plugs run compiled code, like the late ones.
  new Cloud(engine).grow(early + SAMPLES)
  const cloud = new Cloud(engine)
  cloud.grow(early - SAMPLES)
  const first = cloud.grow(early)
  cloud.grow(late - SAMPLES)
  const last = cloud.grow(late)
  return { engine, early: timesOf(first).p50, late: timesOf(last).p50, rules: cloud.rules }
}

const plain = {
  adminUp: true,
  floodUnknown: false,
  borrowsAddresses: false,
  rateLimit: null,
  trunk: [],
  hypervisor: null,
  segmentId: null,
}
const made = { project: 'bench' as ProjectId, name: '', revision: 1, createdAt: '2026-01-01T00:00:00Z', request: '{}' }

class Cloud {
  readonly #engine: 'vlan' | 'vxlan'
  readonly #graph = new Graph()
  readonly #ledgers: Ledger[] = []
  #key = 16
  #vnics = 0

  constructor(engine: 'vlan' | 'vxlan') {
    this.#engine = engine
    for (let n = 0; n < HYPERVISORS; n++) {
      this.#ledgers.push(new Ledger())
      this.#change({
        kind: 'hypervisor',
        id: hypervisorId(n),
        to: {
          id: hypervisorId(n),
          key: this.#nextKey(),
          hostname: '',
          datapathId: null,
          ovsVersion: '',
          bridgeMappings: { physnet1: 'br-eth1' },
          encapIp: `192.0.2.${n + 1}`,
          fabric: { 'uplink:physnet1': 1, 'tunnel:vxlan': 2 },
          faults: {},
          uplinks: {},
          successor: null,
          address: null,
          hadVnic: true,
          claimsStored: true,
          keepsDecisions: false,
        },
      })
    }
  }

  /** The number of rules on all switches. */
  get rules(): number {
    return this.#ledgers.reduce((sum, { size }) => sum + size, 0)
  }

  /** Plugs until there are `count` VNICs. @returns the time of each plug, in milliseconds */
  grow(count: number): number[] {
    const took: number[] = []
    while (this.#vnics < count) took.push(this.#plug(this.#vnics++))
    return took
  }

  #plug(n: number): number {
    const network = this.#network(Math.floor(n / NETWORK))
    const [portId, vnicId] = [`port-${n}` as PortId, `vnic-${n}` as VnicId]
    const base = { ...made, attributes: {} }
    this.#change({
      kind: 'port',
      id: portId,
      to: { ...base, id: portId, key: this.#nextKey(), engine: network.engine, networkId: network.id, ...plain },
    })
    const where = hypervisorId(n % HYPERVISORS)
    const binding = { vnicId, hypervisor: where, bridge: 'br-int', interface: `t${n}`, ofport: 10 + n }
    this.#change({ kind: 'binding', id: vnicId, to: binding })
    const attributes = { mac_address: `02:00:00:${hex(n >> 16)}:${hex(n >> 8)}:${hex(n)}` }
    const vnic = {
      ...made,
      id: vnicId,
      key: this.#nextKey(),
      vmId: null,
      kind: 'ethernet',
      portId,
      requestedHypervisor: null,
      migratesTo: null,
      isActivated: false,
      attributes,
    }
    const began = performance.now()
    this.#change({ kind: 'vnic', id: vnicId, to: vnic })
    return performance.now() - began
  }

  #network(n: number): Network {
    const id = `network-${n}` as NetworkId
    const there = this.#graph.networks.get(id)
    if (there) return there
    const vlan = this.#engine === 'vlan'
    const segment = vlan ? { physical_network: 'physnet1', vlan_id: n + 1 } : { vni: n + 1 }
    const segmentId = vlan ? `vlan/physnet1/${n + 1}` : `vxlan/${n + 1}`
    const fixed = { engine: this.#engine, segmentId, mtu: 1450, shared: false, mesh: !vlan, hypervisorRules: false }
    const network: Network = { ...made, ...fixed, id, key: this.#nextKey(), segment, attributes: {} }
    this.#change({ kind: 'network', id, to: network })
    return network
  }

  /** A change as in the controller, but without store and sockets: stale, apply, compile, delta. */
  #change(change: Change): void {
    const pairs = new Map<HypervisorId, Set<Key>>()
    const mark = (where: HypervisorId, object: Key) => {
      const objects = pairs.get(where)
      if (objects) objects.add(object)
      else pairs.set(where, new Set([object]))
    }
    stale(this.#graph, change, mark)
    apply(this.#graph, change)
    stale(this.#graph, change, mark)
    for (const [where, objects] of pairs) {
      const ledger = this.#ledgers[Number(where.slice(2))]
      if (!ledger) continue
      for (const object of objects) ledger.replace(object, compile(this.#graph, ENGINES, where, object))
      finish(ledger.delta())
      finish(ledger.sent())
    }
  }

  #nextKey(): Key {
    return this.#key++ as Key
  }
}

const hypervisorId = (n: number) => `hv${n}` as HypervisorId
const hex = (n: number): string => (n & 0xff).toString(16).padStart(2, '0')

function finish(work: Generator): void {
  while (!work.next().done);
}
