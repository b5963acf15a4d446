/** OVSDB rows of one host -> what they say: the hypervisor's facts, and the interfaces that carry a VNIC's id. Pure. */
import { isIPv4 } from 'node:net'
import { type HypervisorId, isOpaque, isUuid, type VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/nodes.ts'
import type { Condition } from '../engines/engine.ts'
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
  const fabric: Record<string, number> = {}
  for (const { external_ids, ofport } of interfaces) {
    const role = external_ids.get(ROLE_KEY)
    if (role && valid(ofport)) fabric[role] = ofport
  }
  return {
    systemId,
    datapathType: datapathType(external.get('plugboard-datapath-type'), conditions),
    facts: {
      hostname: external.get('hostname') ?? '',
      datapathId: bridge?.datapath_id ?? null,
      ovsVersion: root?.ovs_version ?? '',
      bridgeMappings: mappings(external.get('plugboard-bridge-mappings'), conditions),
      encapIp: encapIp(external.get('plugboard-encap-ip'), conditions),
      fabric,
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

/** OVS says -1 for a port that it could not make, and nothing, or 0, before it has tried. */
const valid = (ofport: number | null): ofport is number => ofport !== null && ofport > 0

function bindings(
  hypervisor: HypervisorId,
  interfaces: readonly InterfaceRow[],
  before: (id: VnicId) => Binding | undefined,
  conditions: Condition[],
): Map<VnicId, Binding> {
  const found = new Map<VnicId, Binding>()
  for (const { name, ofport, external_ids } of [...interfaces].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const text = external_ids.get('iface-id')
    if (text === undefined || !isUuid(text)) continue
    const vnicId = text as VnicId
    const binding = { vnicId, hypervisor, bridge: BRIDGE, interface: name, ofport: valid(ofport) ? ofport : null }
    const other = found.get(vnicId)
    if (!other) {
      found.set(vnicId, binding)
      continue
    }
    const bound = before(vnicId)
    const stays = bound?.hypervisor === hypervisor && bound.interface === name
    if (stays) found.set(vnicId, binding)
    const [winner, loser] = stays ? [name, other.interface] : [other.interface, name]
    conditions.push({
      code: 'duplicate-iface-id',
      message: `interfaces ${winner} and ${loser} both carry iface-id ${vnicId}: ${winner} is bound; clear it on the other`,
    })
  }
  return found
}

/** `physnet1:br-eth1,physnet2:br-eth2` */
function mappings(text: string | undefined, conditions: Condition[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const part of (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)) {
    const [physical, bridge, ...more] = part.split(':')
    if (physical && bridge && more.length === 0 && isOpaque(physical) && bridge !== BRIDGE && !found[physical])
      found[physical] = bridge
    else
      conditions.push({
        code: 'bad-bridge-mapping',
        message: `plugboard-bridge-mappings holds "${part}": it must be physical_network:bridge, each physical network once, and a bridge other than ${BRIDGE}`,
      })
  }
  return found
}

function encapIp(text: string | undefined, conditions: Condition[]): string | null {
  if (text === undefined) return null
  if (isIPv4(text)) return text
  conditions.push({
    code: 'bad-encap-ip',
    message: `plugboard-encap-ip holds "${text}": it must be an IPv4 address of this host`,
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
