/** OVSDB rows of one host -> what they say: the hypervisor's facts, and the interfaces that carry a VNIC's id. Pure. */
import { type HypervisorId, isOpaque, isUuid, type VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/model.ts'
import type { Condition } from '../core/engine/engine.ts'
import { peerAddress } from '../core/engine/peer-address.ts'
import type { InterfaceRow, OpenVSwitch, Tables } from '../ovsdb/index.ts'

export const BRIDGE = 'br-int'
/** Our mark on ports that we made: the role they have. */
export const ROLE_KEY = 'plugboard-role'

/** What a host says of itself. */
export type Facts = Omit<Hypervisor, 'id' | 'key'>

export interface Reading {
  readonly systemId: string | null
  readonly datapathType: 'system' | 'netdev' | null
  readonly facts: Facts
  readonly bindings: ReadonlyMap<VnicId, Binding>
  readonly conditions: readonly Condition[]
}

type Rows = Tables<OpenVSwitch>

/** Read all of it. */
export function read(rows: Rows, before: (id: VnicId) => Binding | undefined): Reading {
  const [root] = rows.Open_vSwitch.values()
  const external = root?.external_ids ?? new Map<string, string>()
  const conditions: Condition[] = []
  const systemId = external.get('system-id') ?? null
  const id = (systemId ?? '') as HypervisorId
  const bridge = [...rows.Bridge.values()].find(({ name }) => name === BRIDGE)
  const interfaces = bridge ? interfacesOf(rows, bridge.ports) : []
  const bridgeMappings = mappings(external.get('plugboard-bridge-mappings'), conditions)
  const fabric: Record<string, number> = {}
  const faults: Record<string, string> = {}
  for (const { physical, name } of missingBridges(rows, bridgeMappings)) {
    const message = `plugboard-bridge-mappings names bridge ${name} for ${physical}, which this host does not have: make it, or mend the mapping`
    faults[`uplink:${physical}`] = message
    conditions.push({ code: 'bridge-missing', message })
  }
  for (const { name, external_ids, ofport, error } of interfaces) {
    const role = external_ids.get(ROLE_KEY)
    if (role && valid(ofport)) fabric[role] = ofport
    else if (role && error) faults[role] = `Open vSwitch cannot make interface ${name} on ${id}: ${error}`
  }
  return {
    systemId,
    datapathType: datapathType(external.get('plugboard-datapath-type'), conditions),
    facts: {
      hostname: external.get('hostname') ?? '',
      datapathId: bridge?.datapath_id ?? null,
      ovsVersion: root?.ovs_version ?? '',
      bridgeMappings,
      encapIp: encapIp(external.get('plugboard-encap-ip'), conditions),
      fabric,
      faults,
    },
    bindings: bindings(id, interfaces, before, conditions),
    conditions,
  }
}

function interfacesOf(rows: Rows, ports: Iterable<string>): InterfaceRow[] {
  const found: InterfaceRow[] = []
  for (const port of ports) {
    for (const id of rows.Port.get(port)?.interfaces ?? []) {
      const row = rows.Interface.get(id)
      if (row) found.push(row)
    }
  }
  return found
}

/** Bridges that the mappings name and the host does not have. */
function missingBridges(rows: Rows, mapped: Readonly<Record<string, string>>) {
  const names = new Set([...rows.Bridge.values()].map(({ name }) => name))
  return Object.entries(mapped).flatMap(([physical, name]) => (names.has(name) ? [] : [{ physical, name }]))
}

/** OVS says -1 for a port that it could not make, and nothing, or 0, before it has tried. */
const valid = (ofport: number | null): ofport is number => ofport !== null && ofport > 0

function bindings(
  hypervisor: HypervisorId,
  interfaces: readonly InterfaceRow[],
  before: (id: VnicId) => Binding | undefined,
  conditions: Condition[],
): Map<VnicId, Binding> {
  const claims = new Map<VnicId, InterfaceRow[]>()
  for (const row of interfaces) {
    const text = row.external_ids.get('iface-id')
    if (text === undefined || !isUuid(text)) continue
    if (row.external_ids.has(ROLE_KEY)) {
      const message = `interface ${row.name} leads to the fabric and carries iface-id ${text}: clear it there, it is no VNIC's`
      conditions.push({ code: 'fabric-iface-id', message })
      continue
    }
    claims.set(text as VnicId, [...(claims.get(text as VnicId) ?? []), row])
  }
  return new Map([...claims].map(([vnicId, rows]) => [vnicId, bindingOf(vnicId, rows)]))

  /** One that works goes before one that does not, then the one that was bound, then by name. */
  function bindingOf(vnicId: VnicId, rows: readonly InterfaceRow[]): Binding {
    const bound = before(vnicId)
    const wasBound = (name: string) => bound?.hypervisor === hypervisor && bound.interface === name
    const rank = ({ name, ofport }: InterfaceRow) => (valid(ofport) ? 0 : 2) + (wasBound(name) ? 0 : 1)
    const ranked = rows.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
    const [{ name, ofport } = { name: '', ofport: null }, ...others] = ranked
    for (const other of others) {
      conditions.push({
        code: 'duplicate-iface-id',
        message: `interfaces ${name} and ${other.name} both carry iface-id ${vnicId}: ${name} is bound; clear it on the other`,
      })
    }
    return { vnicId, hypervisor, bridge: BRIDGE, interface: name, ofport: valid(ofport) ? ofport : null }
  }
}

/** `physnet1:br-eth1,physnet2:br-eth2` */
function mappings(text: string | undefined, conditions: Condition[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const part of (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)) {
    const [physical, bridge, ...more] = part.split(':')
    const formed = physical && bridge && more.length === 0 && isOpaque(physical) && bridge !== BRIDGE
    // Over a bridge that two physical networks share, their VLANs would be one.
    if (formed && !found[physical] && !Object.values(found).includes(bridge)) found[physical] = bridge
    else
      conditions.push({
        code: 'bad-bridge-mapping',
        message: `plugboard-bridge-mappings holds "${part}": it must be physical_network:bridge, each of them once, and a bridge other than ${BRIDGE}`,
      })
  }
  return found
}

function encapIp(text: string | undefined, conditions: Condition[]): string | null {
  if (text === undefined) return null
  const address = peerAddress(text)
  if (address !== null) return address
  conditions.push({
    code: 'bad-encap-ip',
    message: `plugboard-encap-ip holds "${text}": it must be an IPv4 or IPv6 address of this host that its peers can reach`,
  })
  return null
}

function datapathType(text: string | undefined, conditions: Condition[]): 'system' | 'netdev' | null {
  if (text === undefined) return null
  if (text === 'system' || text === 'netdev') return text
  conditions.push({
    code: 'bad-datapath-type',
    message: `plugboard-datapath-type holds "${text}": it must be system or netdev`,
  })
  return null
}
