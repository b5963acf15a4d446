/**
 * The way from the integration bridge to each physical network, as the rows of a host show it: the mapped bridge, the pair of
 * patch ports, and the ports of that bridge that lead out of the host. Pure.
 */
import type { Trouble } from '../core/trouble.ts'
import type { BridgeRow, InterfaceRow, OpenVSwitch, Tables } from '../ovsdb/index.ts'
import { datapathTypeOf, INTEGRATION_BRIDGE, ROLE_KEY } from './external-ids.ts'
import { kept } from './kept-text.ts'
import { outerPatch } from './provision-ports.ts'

type Rows = Tables<OpenVSwitch>
/** The names of the ports that lead from the bridge of a physical network out of the host, by physical network. */
export type Uplinks = Readonly<Record<string, readonly string[]>>

interface Found {
  /** The uplinks that were seen last. A bridge without any keeps those that it had. */
  readonly uplinks: Uplinks
  readonly troubles: readonly Trouble[]
}

/** A bridge has some uplinks, and may have some other ports that look like them. More are left out. */
const MAX_UPLINKS = 64

/**
 * Yields between some ports.
 * @param mappings the bridge of each physical network
 * @param known the uplinks that were seen before: a bridge that never had one needs none
 */
export function* readUplinks(
  rows: Rows,
  mappings: Readonly<Record<string, string>>,
  known: Uplinks,
): Generator<void, Found> {
  const owners = yield* bridgesByPort(rows)
  const bridges = new Map([...rows.Bridge.values()].map((bridge) => [bridge.name, bridge]))
  const integration = bridges.get(INTEGRATION_BRIDGE)
  const uplinks = new Map<string, readonly string[]>()
  const troubles: Trouble[] = []
  for (const [physical, name] of Object.entries(mappings)) {
    const bridge = bridges.get(name)
    const found = bridge ? yield* uplinkPorts(rows, bridge, owners) : []
    const ports = found.filter(({ name }) => name !== outerPatch(physical)).slice(0, MAX_UPLINKS)
    const names =
      ports.length > 0
        ? ports.map(({ name }) => name).sort()
        : (Object.hasOwn(known, physical) && known[physical]) || []
    if (names.length > 0) uplinks.set(physical, names)
    const role = `uplink:${physical}`
    const wrong = bridge
      ? (uplinkFault(physical, name, ports, names) ?? typeFault(bridge, integration) ?? patchFault(rows, role))
      : gone(physical, name)
    if (wrong) troubles.push({ ...wrong, severity: 'error', stopped: { kind: 'role', role } })
    else if (bridge) troubles.push(...partlyDown(physical, name, ports))
  }
  return { uplinks: Object.fromEntries(uplinks), troubles }
}

interface Uplink {
  readonly name: string
  readonly interfaces: readonly InterfaceRow[]
}

type Wrong = Pick<Trouble, 'code' | 'message'>

/** The bridge of each port, by the name of the port. */
function* bridgesByPort(rows: Rows): Generator<void, Map<string, BridgeRow>> {
  const owners = new Map<string, BridgeRow>()
  for (const bridge of rows.Bridge.values()) {
    for (const id of bridge.ports) {
      yield
      const port = rows.Port.get(id)
      if (port) owners.set(port.name, bridge)
    }
  }
  return owners
}

/**
 * The ports of a bridge that lead out of the host, without its own device and other internal ones, those of VMs, and those of Plugboard.
 * A patch port leads to the ports of another bridge.
 * @param owners the bridge of each port
 */
function* uplinkPorts(
  rows: Rows,
  bridge: BridgeRow,
  owners: ReadonlyMap<string, BridgeRow>,
): Generator<void, Uplink[]> {
  const found: Uplink[] = []
  const bridges = new Set([bridge])
  const isInside = ({ type, external_ids }: InterfaceRow) =>
    type === 'internal' || external_ids.has(ROLE_KEY) || external_ids.has('iface-id')
  // A bridge that is found behind a patch port is added, and its turn comes.
  for (const { ports } of bridges) {
    for (const id of ports) {
      yield
      const port = rows.Port.get(id)
      const interfaces = [...(port?.interfaces ?? [])].flatMap((each) => rows.Interface.get(each) ?? [])
      if (!port || interfaces.every(isInside)) continue
      const next = bridgeBehind(owners, interfaces)
      if (next) bridges.add(next)
      else found.push({ name: kept(port.name), interfaces })
    }
  }
  return found
}

/** The bridge at the other end of a patch port. A patch port has the name of its interface. */
function bridgeBehind(owners: ReadonlyMap<string, BridgeRow>, [patch]: readonly InterfaceRow[]): BridgeRow | undefined {
  const peer = patch?.type === 'patch' ? patch.options.get('peer') : undefined
  return peer === undefined ? undefined : owners.get(peer)
}

export const missingBridge = (physical: string, bridge: string): string =>
  `plugboard-bridge-mappings names bridge ${bridge} for ${physical}, which this host does not have: make it, or mend the mapping`

const gone = (physical: string, bridge: string): Wrong => ({
  code: 'bridge-missing',
  message: missingBridge(physical, bridge),
})

/** Open vSwitch says this of the patch port, too, but only when it configures the port the next time. */
function typeFault(bridge: BridgeRow, integration: BridgeRow | undefined): Wrong | undefined {
  if (!integration) return undefined
  const [type, own] = [datapathTypeOf(bridge), datapathTypeOf(integration)]
  if (type === own) return undefined
  const types = `${bridge.name} has datapath_type ${type} and ${integration.name} ${own}`
  return { code: 'uplink-broken', message: `no frame passes between two datapaths, and ${types}: give both the same` }
}

/** Open vSwitch says why a patch port has no peer, for example if the two bridges have different datapaths. */
function patchFault(rows: Rows, role: string): Wrong | undefined {
  for (const { name, external_ids, error } of rows.Interface.values()) {
    if (external_ids.get(ROLE_KEY) !== role || !error) continue
    const mend = 'give both bridges one datapath_type, and let Plugboard make its patch ports'
    return { code: 'uplink-broken', message: `patch port ${kept(name)} does not work (${kept(error)}): ${mend}` }
  }
  return undefined
}

function uplinkFault(
  physical: string,
  bridge: string,
  ports: readonly Uplink[],
  known: readonly string[],
): Wrong | undefined {
  if (ports.length === 0) {
    if (known.length === 0) return undefined
    const names = known.join(', ')
    const mend = `add it again (ovs-vsctl add-port ${bridge} ${known[0]}), or to the bridge behind a patch port of ${bridge}`
    return {
      code: 'uplink-removed',
      message: `bridge ${bridge} of ${physical} has lost its uplink ${names}, and has no other one: ${mend}`,
    }
  }
  const states = ports.map((uplink) => downOf(uplink))
  if (states.some((down) => down === undefined)) return undefined
  return {
    code: 'uplink-down',
    message: `no frame leaves bridge ${bridge} of ${physical}, since ${states.join(', and ')}: ${MEND_UPLINK}`,
  }
}

const MEND_UPLINK = 'set it up (ip link set … up), and look at its cable and at the other end'

/** Some of several uplinks do not work. Frames may still pass by the others. */
const partlyDown = (physical: string, bridge: string, ports: readonly Uplink[]): Trouble[] =>
  ports
    .flatMap((uplink) => downOf(uplink) ?? [])
    .map((down) => ({
      code: 'uplink-down',
      message: `${down}; others of bridge ${bridge} of ${physical} are up, and if frames do not leave by them, ${MEND_UPLINK}`,
      severity: 'warning',
      stopped: { kind: 'nothing' },
    }))

/** Why nothing leaves by a port, or undefined if it works. A bond works as long as one of its interfaces does. */
function downOf({ name: port, interfaces }: Uplink): string | undefined {
  const words: string[] = []
  for (const { name: full, admin_state: admin, link_state: link, error } of interfaces) {
    const name = kept(full)
    if (error) words.push(`interface ${name} does not work (${kept(error)})`)
    else if (admin === 'down') words.push(`interface ${name} is administratively down`)
    else if (link === 'down') words.push(`interface ${name} has no carrier`)
    else return undefined
  }
  return interfaces.length > 1 ? `of bond ${port} ${words.slice(0, MAX_UPLINKS).join(', ')}` : words.join(', ')
}
