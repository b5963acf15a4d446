/**
 * Computes the operations that write what is missing in a host's OVSDB. Pure. If nothing is missing, there are no operations.
 * The integration bridge belongs to Plugboard; on other bridges it creates only its patch ports.
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
import { type DatapathType, datapathTypeOf, INTEGRATION_BRIDGE } from './external-ids.ts'
import { provisionPorts, sameMap } from './provision-ports.ts'

export interface Wanted {
  readonly systemId: string
  /** Does another hypervisor have this datapath id? */
  isTaken(datapathId: string): boolean
  readonly datapathType: DatapathType | null
  /** The OpenFlow listener for the switch: `tcp:ADDRESS:PORT`. */
  readonly controller: string
  readonly fabric: readonly FabricPort[]
}

/** The longest time that Open vSwitch waits between two attempts to connect. So a recovery takes a second at most. */
const MAX_BACKOFF_MS = 1_000

/**
 * Sixteen hexadecimal digits that depend only on the system-id, so that they do not change with the MAC addresses of the
 * bridge's ports.
 */
export const datapathIdOf = (systemId: string): string =>
  createHash('sha256').update(systemId).digest('hex').slice(0, 16)

type Rows = Tables<OpenVSwitch>
const { insert, mutate, update } = operations(openVSwitch)

export function provision(rows: Rows, wanted: Wanted): Operation[] {
  const [rootId] = rows.Open_vSwitch.keys()
  if (rootId === undefined) return []
  const found = [...rows.Bridge].find(([, { name }]) => name === INTEGRATION_BRIDGE)
  if (!found) return makeBridge(rootId, wanted)
  const [bridgeId, bridge] = found
  return [
    ...mendBridge(rows, { rootId, bridgeId, bridge }, wanted),
    ...provisionPorts(rows, wanted.fabric),
    ...mendManagers(rows),
  ]
}

/** The datapath id of a bridge that has none. */
const freeDatapathId = (root: string, { systemId, isTaken }: Wanted): string =>
  isTaken(datapathIdOf(systemId)) ? datapathIdOf(`${systemId} ${root}`) : datapathIdOf(systemId)

/** The ports are added once the host has reported the bridge. */
function makeBridge(root: string, wanted: Wanted): Operation[] {
  const { datapathType, controller } = wanted
  return [
    insert('Interface', { name: INTEGRATION_BRIDGE, type: 'internal' }, { as: 'interface' }),
    insert('Port', { name: INTEGRATION_BRIDGE, interfaces: new Set([namedUuid('interface')]) }, { as: 'port' }),
    insert('Controller', controllerRow(controller), { as: 'controller' }),
    insert(
      'Bridge',
      {
        name: INTEGRATION_BRIDGE,
        ports: new Set([namedUuid('port')]),
        controller: new Set([namedUuid('controller')]),
        fail_mode: 'secure',
        datapath_type: datapathType ?? '',
        other_config: new Map([
          ['datapath-id', freeDatapathId(root, wanted)],
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

export const controllerRow = (target: string) =>
  ({ target, connection_mode: 'out-of-band', max_backoff: MAX_BACKOFF_MS }) as const

/** Changes only what Plugboard depends on. Everything else in the row of an existing bridge stays. */
function mendBridge(
  rows: Rows,
  { rootId, bridgeId: id, bridge }: { readonly rootId: string; readonly bridgeId: string; readonly bridge: BridgeRow },
  wanted: Wanted,
): Operation[] {
  const { systemId, isTaken, datapathType, controller } = wanted
  const mended: Operation[] = []
  const config = new Map(bridge.other_config).set('disable-in-band', 'true')
  if (!config.has('datapath-id')) config.set('datapath-id', freeDatapathId(rootId, wanted))
  // Not the one of the system-id: a host that had this system-id before may still have that.
  else if (isTaken(bridge.datapath_id ?? '')) config.set('datapath-id', datapathIdOf(`${systemId} ${rootId}`))
  if (!sameMap(config, bridge.other_config)) mended.push(update('Bridge', uuid(id), { other_config: config }))
  if (bridge.fail_mode !== 'secure') mended.push(update('Bridge', uuid(id), { fail_mode: 'secure' }))
  if (datapathType && datapathTypeOf(bridge) !== datapathType) {
    mended.push(update('Bridge', uuid(id), { datapath_type: datapathType }))
  }
  if (!hasController(rows, bridge, controller)) {
    mended.push(
      insert('Controller', controllerRow(controller), { as: 'controller' }),
      update('Bridge', uuid(id), { controller: new Set([namedUuid('controller')]) }),
    )
  }
  return mended
}

/** Is this the only controller of the bridge, with the right settings? */
function hasController(rows: Rows, bridge: BridgeRow, target: string): boolean {
  const [row, ...more] = [...bridge.controller].map((id) => rows.Controller.get(id))
  return (
    more.length === 0 &&
    row?.target === target &&
    row.connection_mode === 'out-of-band' &&
    row.max_backoff === MAX_BACKOFF_MS
  )
}

/** The OVSDB connection must recover as quickly as the OpenFlow connection. */
function mendManagers(rows: Rows): Operation[] {
  return [...rows.Manager]
    .filter(([, { max_backoff, is_connected }]) => is_connected && max_backoff !== MAX_BACKOFF_MS)
    .map(([id]) => update('Manager', uuid(id), { max_backoff: MAX_BACKOFF_MS }))
}
