/**
 * The ports that watch a host's tunnels, in its OVSDB. Open vSwitch has one BFD session for each Interface, and none on a tunnel
 * port whose remote end the rules set. So each watched tunnel has a port with a fixed remote end. It is on a bridge of its own,
 * which has no rules and drops everything, so that no frame of a VNIC can meet it. Its key is 0, which no network has. Open vSwitch prefers
 * the port with the exact key, so only the packets of BFD come to it.
 */
import { createHash } from 'node:crypto'
import type { HypervisorId } from '../../topology/ids.ts'
import {
  type BridgeRow,
  type InterfaceRow,
  namedUuid,
  type OpenVSwitch,
  type Operation,
  openVSwitch,
  operations,
  type Tables,
  uuid,
} from '../ovsdb/index.ts'
import { INTEGRATION_BRIDGE, ROLE_KEY } from './external-ids.ts'
import { sameMap } from './provision-ports.ts'

type Rows = Tables<OpenVSwitch>
const { insert, mutate, update } = operations(openVSwitch)

/** The bridge of the ports that watch tunnels. */
export const PROBE_BRIDGE = 'plug-bfd'
const PROBE_ROLE = 'probes'
/** The key in `external_ids` of an interface that watches a tunnel: the role of the tunnel port, a space, and the peer. */
export const PROBE_KEY = 'plugboard-probe'
/** The key of the tunnels of BFD. Networks have keys from 1. */
export const PROBE_TUNNEL_KEY = 0
const BFD = new Map([
  ['enable', 'true'],
  ['min_rx', '1000'],
  ['min_tx', '1000'],
])

/** A tunnel from this host that is watched. */
export interface Probe {
  /** The role of the tunnel port whose way it watches: `tunnel:vxlan`. */
  readonly role: string
  readonly peer: HypervisorId
  readonly localIp: string
  readonly remoteIp: string
}

/** What BFD says about a tunnel. */
export interface ProbeState {
  readonly isUp: boolean
  /** Has the other end been silent for three seconds, after it was heard? */
  readonly isSilent: boolean
}

export const probeName = ({ role, peer }: Pick<Probe, 'role' | 'peer'>): string => `${role} ${peer}`

/** The state of each probe that the host has, by name. */
export function readProbes(rows: Rows): Map<string, ProbeState> {
  const found = new Map<string, ProbeState>()
  for (const { external_ids, bfd_status, error } of rows.Interface.values()) {
    const name = external_ids.get(PROBE_KEY)
    // A port that Open vSwitch cannot make says nothing about the tunnel.
    if (name === undefined || error) continue
    found.set(name, {
      isUp: bfd_status.get('state') === 'up',
      isSilent: bfd_status.get('diagnostic') === 'Control Detection Time Expired',
    })
  }
  return found
}

/**
 * The operations after which the host watches these tunnels and no others, as far as other programs leave room for that. Its bridge
 * for them stays as long as the host has a tunnel address: in user space, Open vSwitch may lose tunnelled packets whenever a bridge
 * comes or goes.
 * @param wanted undefined: not chosen yet
 */
export function provisionProbes(rows: Rows, isTunnelled: boolean, wanted: readonly Probe[] | undefined): Operation[] {
  const [root] = rows.Open_vSwitch.keys()
  const integration = [...rows.Bridge.values()].find(({ name }) => name === INTEGRATION_BRIDGE)
  const [bridgeId, bridge] = [...rows.Bridge].find(([, { name }]) => name === PROBE_BRIDGE) ?? []
  if (root === undefined || !integration || (bridge && !isProbeBridge(bridge))) return []
  const { datapath_type } = integration
  const probes = wanted?.filter((probe) => rivalOf(rows, probe) === undefined)
  if (bridgeId === undefined || !bridge) {
    if (!isTunnelled) return []
    const first = probes ?? []
    return [...makeBridge(root, datapath_type, first.length), ...first.flatMap(insertProbe)]
  }
  if (!isTunnelled) return [mutate('Open_vSwitch', uuid(root), [['bridges', 'delete', new Set([uuid(bridgeId)])]])]
  if (!probes) return []
  const missing = new Map(probes.map((probe) => [probeName(probe), probe]))
  const mended: Operation[] = []
  if (bridge.datapath_type !== datapath_type) mended.push(update('Bridge', uuid(bridgeId), { datapath_type }))
  if (bridge.fail_mode !== 'secure') mended.push(update('Bridge', uuid(bridgeId), { fail_mode: 'secure' }))
  for (const { portId, interfaceId, found, name } of probesOn(rows, bridge.ports)) {
    const probe = missing.get(name)
    missing.delete(name)
    if (!probe) mended.push(mutate('Bridge', uuid(bridgeId), [['ports', 'delete', new Set([uuid(portId)])]]))
    else if (!isAsWanted(found, probe)) mended.push(update('Interface', uuid(interfaceId), settingsOf(probe)))
  }
  const added = [...missing.values()]
  if (added.length === 0) return mended
  const ports = new Set(added.map((_, n) => namedUuid(`probe_port${n}`)))
  return [...mended, ...added.flatMap(insertProbe), mutate('Bridge', uuid(bridgeId), [['ports', 'insert', ports]])]
}

export const isProbeBridge = ({ external_ids }: BridgeRow): boolean => external_ids.get(ROLE_KEY) === PROBE_ROLE

/** The key of a tunnel port that receives packets without a key. Open vSwitch takes a missing one for 0. */
const NO_KEY: ReadonlySet<string | undefined> = new Set([undefined, String(PROBE_TUNNEL_KEY)])

/** The tunnel port of another program that gets the packets with key 0 of this peer. A probe would take them from it. */
export function rivalOf(rows: Rows, probe: Probe): InterfaceRow | undefined {
  const type = typeOf(probe)
  for (const row of rows.Interface.values()) {
    if (row.type !== type || row.external_ids.has(PROBE_KEY) || row.external_ids.has(ROLE_KEY)) continue
    const [key, peer] = [row.options.get('in_key') ?? row.options.get('key'), row.options.get('remote_ip')]
    if (NO_KEY.has(key) && peer === probe.remoteIp) return row
  }
  return undefined
}

function makeBridge(root: string, datapath_type: string, count: number): Operation[] {
  const ports = Array.from({ length: count }, (_, n) => namedUuid(`probe_port${n}`))
  return [
    insert('Interface', { name: PROBE_BRIDGE, type: 'internal' }, { as: 'probe_local' }),
    insert('Port', { name: PROBE_BRIDGE, interfaces: new Set([namedUuid('probe_local')]) }, { as: 'probe_local_port' }),
    insert(
      'Bridge',
      {
        name: PROBE_BRIDGE,
        ports: new Set([namedUuid('probe_local_port'), ...ports]),
        fail_mode: 'secure',
        datapath_type,
        external_ids: new Map([[ROLE_KEY, PROBE_ROLE]]),
      },
      { as: 'probe_bridge' },
    ),
    mutate('Open_vSwitch', uuid(root), [['bridges', 'insert', new Set([namedUuid('probe_bridge')])]]),
  ]
}

function insertProbe(probe: Probe, n: number): Operation[] {
  const name = `bfd${createHash('sha256').update(probeName(probe)).digest('hex').slice(0, 10)}`
  const external_ids = new Map([[PROBE_KEY, probeName(probe)]])
  return [
    insert('Interface', { name, external_ids, ...settingsOf(probe) }, { as: `probe${n}` }),
    insert('Port', { name, interfaces: new Set([namedUuid(`probe${n}`)]) }, { as: `probe_port${n}` }),
  ]
}

/** The type of the tunnel, by its name in Open vSwitch. */
export const typeOf = ({ role }: Pick<Probe, 'role'>): string => role.slice(role.indexOf(':') + 1)

const settingsOf = ({ role, localIp, remoteIp }: Probe) => ({
  type: typeOf({ role }),
  options: new Map([
    ['key', String(PROBE_TUNNEL_KEY)],
    ['local_ip', localIp],
    ['remote_ip', remoteIp],
  ]),
  bfd: BFD,
})

function isAsWanted(found: InterfaceRow, probe: Probe): boolean {
  const { type, options, bfd } = settingsOf(probe)
  return found.type === type && sameMap(found.options, options) && sameMap(found.bfd, bfd)
}

function* probesOn(rows: Rows, ports: Iterable<string>) {
  for (const portId of ports) {
    const [interfaceId] = rows.Port.get(portId)?.interfaces ?? []
    const found = interfaceId === undefined ? undefined : rows.Interface.get(interfaceId)
    const name = found?.external_ids.get(PROBE_KEY)
    if (found && interfaceId !== undefined && name !== undefined) yield { portId, interfaceId, found, name }
  }
}
