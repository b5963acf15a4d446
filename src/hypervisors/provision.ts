/**
 * What a host's OVSDB should hold for us, beside what it holds -> the operations that make up the difference. Pure; nothing
 * to do gives no operations. br-int is ours; other bridges get nothing but our patch ports.
 */
import { createHash } from 'node:crypto'
import type { FabricPort } from '../core/engine/engine.ts'
import {
  type BridgeRow,
  namedUuid,
  type OpenVSwitch,
  type Operation,
  openVSwitch,
  operations,
  type Tables,
  uuid,
} from '../ovsdb/index.ts'
import { BRIDGE, ROLE_KEY } from './facts.ts'

export interface Wanted {
  readonly systemId: string
  /** Another hypervisor has the datapath id of this one's bridge. */
  readonly datapathIdTaken: boolean
  readonly datapathType: 'system' | 'netdev' | null
  /** `tcp:ADDRESS:PORT`, where the switch finds us. */
  readonly controller: string
  readonly fabric: readonly FabricPort[]
}

/** A back-off of a second at most, so that a recovery does not wait for it. */
const MAX_BACKOFF = 1_000

/** Sixteen hexadecimal digits that are the host's for good, whatever ports its bridge has. */
export const datapathIdOf = (systemId: string): string =>
  createHash('sha256').update(systemId).digest('hex').slice(0, 16)

type Rows = Tables<OpenVSwitch>
const { insert, mutate, update } = operations(openVSwitch)

export function provision(rows: Rows, wanted: Wanted): Operation[] {
  const [rootId] = rows.Open_vSwitch.keys()
  if (rootId === undefined) return []
  const found = [...rows.Bridge].find(([, { name }]) => name === BRIDGE)
  if (!found) return makeBridge(rootId, wanted)
  const [bridgeId, bridge] = found
  return [
    ...mendBridge(rows, bridgeId, bridge, wanted),
    ...ports(rows, bridgeId, bridge, wanted.fabric),
    ...managers(rows),
  ]
}

function makeBridge(root: string, { systemId, datapathType, controller }: Wanted): Operation[] {
  return [
    insert('Interface', { name: BRIDGE, type: 'internal' }, { as: 'interface' }),
    insert('Port', { name: BRIDGE, interfaces: new Set([namedUuid('interface')]) }, { as: 'port' }),
    insert('Controller', controllerRow(controller), { as: 'controller' }),
    insert(
      'Bridge',
      {
        name: BRIDGE,
        ports: new Set([namedUuid('port')]),
        controller: new Set([namedUuid('controller')]),
        fail_mode: 'secure',
        datapath_type: datapathType ?? '',
        other_config: new Map([
          ['datapath-id', datapathIdOf(systemId)],
          ['disable-in-band', 'true'],
        ]),
      },
      { as: 'bridge' },
    ),
    mutate('Open_vSwitch', uuid(root), [
      ['bridges', 'insert', new Set([namedUuid('bridge')])],
      ['next_cfg', '+=', 1],
    ]),
  ]
}

const controllerRow = (target: string) =>
  ({ target, connection_mode: 'out-of-band', max_backoff: MAX_BACKOFF }) as const

/** A bridge that is there is taken over as it is, but for what we cannot do without. */
function mendBridge(
  rows: Rows,
  id: string,
  bridge: BridgeRow,
  { systemId, datapathIdTaken, datapathType, controller }: Wanted,
): Operation[] {
  const mended: Operation[] = []
  const config = new Map(bridge.other_config).set('disable-in-band', 'true')
  if (!config.has('datapath-id') || datapathIdTaken) config.set('datapath-id', datapathIdOf(systemId))
  if (!sameMap(config, bridge.other_config)) mended.push(update('Bridge', uuid(id), { other_config: config }))
  if (bridge.fail_mode !== 'secure') mended.push(update('Bridge', uuid(id), { fail_mode: 'secure' }))
  if (
    datapathType &&
    bridge.datapath_type !== datapathType &&
    !(datapathType === 'system' && bridge.datapath_type === '')
  ) {
    mended.push(update('Bridge', uuid(id), { datapath_type: datapathType }))
  }
  const [first, ...more] = [...bridge.controller].map((row) => rows.Controller.get(row))
  const good =
    first &&
    more.length === 0 &&
    first.target === controller &&
    first.connection_mode === 'out-of-band' &&
    first.max_backoff === MAX_BACKOFF
  if (!good) {
    mended.push(
      insert('Controller', controllerRow(controller), { as: 'controller' }),
      update('Bridge', uuid(id), { controller: new Set([namedUuid('controller')]) }),
    )
  }
  return mended
}

/** Our ports: patch pairs and tunnels, each marked with its role; those of a role that nobody wants any more go. */
function ports(rows: Rows, bridgeId: string, bridge: BridgeRow, fabric: readonly FabricPort[]): Operation[] {
  const mended: Operation[] = []
  const wanted = new Map(fabric.flatMap((port) => sides(port)).map((side) => [`${side.bridge}/${side.name}`, side]))
  for (const [id, { name, ports }] of rows.Bridge) {
    for (const port of ports) {
      const row = rows.Port.get(port)
      const [interfaceId] = row?.interfaces ?? []
      const there = interfaceId === undefined ? undefined : rows.Interface.get(interfaceId)
      if (!row || !there?.external_ids.has(ROLE_KEY) || interfaceId === undefined) continue
      const side = wanted.get(`${name}/${row.name}`)
      wanted.delete(`${name}/${row.name}`)
      if (!side) mended.push(mutate('Bridge', uuid(id), [['ports', 'delete', new Set([uuid(port)])]]))
      else if (there.type !== side.type || !sameMap(there.options, side.options)) {
        mended.push(update('Interface', uuid(interfaceId), { type: side.type, options: side.options }))
      }
    }
  }
  const bridges = new Map([...rows.Bridge].map(([id, { name }]) => [name, id]))
  const taken = takenNames(rows, fabric)
  const complete = (role: string) =>
    [...wanted.values()].every((side) => side.role !== role || (bridges.has(side.bridge) && !taken.includes(side.name)))
  let count = 0
  for (const side of wanted.values()) {
    const target = side.bridge === bridge.name ? bridgeId : bridges.get(side.bridge)
    if (target === undefined || !complete(side.role)) continue
    count += 1
    const mark = new Map([[ROLE_KEY, side.role]])
    mended.push(
      insert(
        'Interface',
        { name: side.name, type: side.type, options: side.options, external_ids: mark },
        { as: `interface${count}` },
      ),
      insert(
        'Port',
        { name: side.name, interfaces: new Set([namedUuid(`interface${count}`)]), external_ids: mark },
        { as: `port${count}` },
      ),
      mutate('Bridge', uuid(target), [['ports', 'insert', new Set([namedUuid(`port${count}`)])]]),
    )
  }
  return mended
}

interface Side {
  readonly role: string
  readonly bridge: string
  readonly name: string
  readonly type: string
  readonly options: ReadonlyMap<string, string>
}

/** The ports that a fabric port comes to: a patch has two sides. */
function sides(port: FabricPort): Side[] {
  const { role } = port
  const label = role.slice(role.indexOf(':') + 1)
  if (port.kind === 'tunnel') {
    return [
      { role, bridge: BRIDGE, name: `plug-${label}`, type: port.type, options: new Map(Object.entries(port.options)) },
    ]
  }
  const [inner, outer] = [`plug-${label}-int`, `plug-${label}-ext`]
  const side = (bridge: string, name: string, peer: string): Side => ({
    role,
    bridge,
    name,
    type: 'patch',
    options: new Map([['peer', peer]]),
  })
  return [side(BRIDGE, inner, outer), side(port.bridge, outer, inner)]
}

const sameMap = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)

/** The manager connection, too, tries again within a second. */
function managers(rows: Rows): Operation[] {
  return [...rows.Manager]
    .filter(([, { max_backoff, is_connected }]) => is_connected && max_backoff !== MAX_BACKOFF)
    .map(([id]) => update('Manager', uuid(id), { max_backoff: MAX_BACKOFF }))
}

/** Names that our ports would have, and that interfaces of another hand have taken. */
export function takenNames(rows: Rows, fabric: readonly FabricPort[]): string[] {
  const foreign = new Set(
    [...rows.Interface.values()].filter(({ external_ids }) => !external_ids.has(ROLE_KEY)).map(({ name }) => name),
  )
  return fabric.flatMap(sides).flatMap(({ name }) => (foreign.has(name) ? [name] : []))
}
