/** Computes the state of a host from its OVSDB rows: facts about the hypervisor, and the VNICs that it claims. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/model.ts'
import type { Condition } from '../core/engine/engine.ts'
import { atOnce } from '../core/slices.ts'
import type { Trouble } from '../core/trouble.ts'
import type { BridgeRow, InterfaceRow, OpenVSwitch, Tables } from '../ovsdb/index.ts'
import { keepsDecisions } from './cached-decisions.ts'
import { claimsOf, isPortNumber } from './claimed-interfaces.ts'
import {
  type DatapathType,
  INTEGRATION_BRIDGE,
  parseBridgeMappings,
  parseDatapathType,
  parseEncapIp,
  ROLE_KEY,
} from './external-ids.ts'
import { type Stray, straysOf } from './iface-ids.ts'
import { isShort, kept } from './kept-text.ts'
import { missingBridge, readUplinks, type Uplinks } from './uplinks.ts'

/** What a host reports about itself, and the graph stores. */
export type Facts = Omit<Hypervisor, 'id' | 'key' | 'successor' | 'address' | 'hadVnic' | 'claimsStored'>

export interface HostState {
  readonly systemId: string | null
  /** The datapath type that the host asks for. */
  readonly datapathType: DatapathType | null
  readonly facts: Facts
  /** The VNICs that the host claims. */
  readonly claims: ReadonlyMap<VnicId, Binding>
  /** What is wrong in its rows. */
  readonly conditions: readonly Condition[]
  /** Interfaces that look as if they were a VNIC's, and are not. */
  readonly strays: readonly Stray[]
  /** What stops its traffic to physical networks. */
  readonly troubles: readonly Trouble[]
}

type Rows = Tables<OpenVSwitch>

/** Reads a host in one turn. */
export const readHost = (...host: Parameters<typeof readingHost>): HostState => atOnce(readingHost(...host))

/**
 * Yields between some rows, which must not change until it ends.
 * @param boundTo returns the current binding of a VNIC
 * @param uplinksOf returns the uplinks that the hypervisor had when it was last read
 */
export function* readingHost(
  rows: Rows,
  boundTo: (id: VnicId) => Binding | undefined,
  uplinksOf: (id: HypervisorId) => Uplinks = () => ({}),
): Generator<void, HostState> {
  const [root] = rows.Open_vSwitch.values()
  const external = root?.external_ids ?? new Map<string, string>()
  const conditions: Condition[] = []
  const { systemId, datapathId, encapIp } = identityOf(rows, conditions)
  const id = (systemId ?? '') as HypervisorId
  const bridge = integrationBridge(rows)
  const interfaces = bridge ? yield* interfacesOf(rows, bridge.ports) : []
  const bridgeMappings = parseBridgeMappings(external.get('plugboard-bridge-mappings'), conditions)
  const missing = missingBridges(id, rows, bridgeMappings)
  const { uplinks, troubles } = yield* readUplinks(rows, bridgeMappings, uplinksOf(id))
  const { fabric, faults } = fabricOf(id, interfaces)
  return {
    systemId,
    datapathType: parseDatapathType(external.get('plugboard-datapath-type'), conditions),
    facts: {
      hostname: kept(external.get('hostname') ?? ''),
      datapathId,
      ovsVersion: kept(root?.ovs_version ?? ''),
      bridgeMappings,
      encapIp,
      fabric,
      faults: { ...missing, ...faults },
      uplinks,
      keepsDecisions: keepsDecisions(root?.ovs_version ?? '', bridge?.datapath_type ?? ''),
    },
    claims: yield* claimsOf(id, interfaces, boundTo, conditions),
    strays: yield* straysOf(id, rows),
    conditions,
    troubles,
  }
}

/** What tells a host from others. @param conditions receives one if the tunnel address is malformed */
export function identityOf(rows: Rows, conditions: Condition[] = []) {
  const [root] = rows.Open_vSwitch.values()
  const bridge = integrationBridge(rows)
  return {
    systemId: root?.external_ids.get('system-id') ?? null,
    datapathId: bridge ? datapathIdOf(bridge) : null,
    encapIp: parseEncapIp(root?.external_ids.get('plugboard-encap-ip'), conditions),
  }
}

const integrationBridge = (rows: Rows): BridgeRow | undefined =>
  [...rows.Bridge.values()].find(({ name }) => name === INTEGRATION_BRIDGE)

/**
 * The datapath id of a bridge. The column is empty after a restart of ovsdb-server, until Open vSwitch writes it again. What was set
 * for the bridge stays.
 */
function datapathIdOf({ datapath_id: id, other_config: config }: BridgeRow): string | null {
  if (id !== null && /^[\da-f]{16}$/.test(id)) return id
  const set = /^(?:0x)?([\da-f]{1,16})$/i.exec(config.get('datapath-id') ?? '')?.[1]
  return set?.toLowerCase().padStart(16, '0') ?? null
}

function* interfacesOf(rows: Rows, ports: Iterable<string>): Generator<void, InterfaceRow[]> {
  const found: InterfaceRow[] = []
  for (const port of ports) {
    yield
    for (const id of rows.Port.get(port)?.interfaces ?? []) {
      const row = rows.Interface.get(id)
      if (row) found.push(row)
    }
  }
  return found
}

/** The ports that cannot be created, by role, because the bridge mapping names a bridge that the host does not have. */
function missingBridges(
  id: HypervisorId,
  rows: Rows,
  mappings: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = new Set([...rows.Bridge.values()].map(({ name }) => name))
  const missing: Record<string, string> = {}
  for (const [physical, name] of Object.entries(mappings)) {
    if (names.has(name)) continue
    missing[`uplink:${physical}`] = `hypervisor ${id}: ${missingBridge(physical, name)}`
  }
  return missing
}

/** Bridge mappings and tunnels need fewer. */
const MAX_FABRIC_PORTS = 256

/** The ports towards the fabric by role: their numbers, and the reason if Open vSwitch could not create one. */
function fabricOf(id: HypervisorId, interfaces: readonly InterfaceRow[]) {
  const fabric: Record<string, number> = {}
  const faults: Record<string, string> = {}
  let count = 0
  for (const { name, external_ids, ofport, error } of interfaces) {
    const role = external_ids.get(ROLE_KEY)
    if (!role || !isShort(role)) continue
    count += 1
    if (count > MAX_FABRIC_PORTS) break
    if (isPortNumber(ofport)) fabric[role] = ofport
    else if (error) faults[role] = `Open vSwitch cannot make interface ${kept(name)} on ${id}: ${kept(error)}`
  }
  return { fabric, faults }
}

/** Are these facts equal? */
export const sameFacts = (a: Facts, b: Facts): boolean =>
  a.hostname === b.hostname &&
  a.datapathId === b.datapathId &&
  a.ovsVersion === b.ovsVersion &&
  a.keepsDecisions === b.keepsDecisions &&
  a.encapIp === b.encapIp &&
  sameRecord(a.bridgeMappings, b.bridgeMappings) &&
  sameRecord(a.fabric, b.fabric) &&
  sameRecord(a.faults, b.faults) &&
  isDeepStrictEqual(a.uplinks, b.uplinks)

function sameRecord<V>(a: Readonly<Record<string, V>>, b: Readonly<Record<string, V>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
