/** The OVSDB rows of a host, in memory, for what reads rows and needs no server. */
import { createHash } from 'node:crypto'
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import type { OpenVSwitch, Tables } from '../../src/ovsdb/index.ts'

type Rows = Tables<OpenVSwitch>
type InterfaceRow = Rows['Interface'] extends ReadonlyMap<string, infer R> ? R : never

export interface RowsWish {
  readonly external?: Readonly<Record<string, string>>
  /** Interfaces by bridge. */
  readonly bridges?: Readonly<Record<string, ReadonlyArray<Partial<InterfaceRow> & { name: string }>>>
  readonly controllers?: ReadonlyArray<{ target: string; connection_mode: string | null; max_backoff: number | null }>
  readonly failMode?: string | null
}

/** A UUID for a row of a name. */
function uuidOf(kind: string, name: string | number): string {
  const hex = createHash('sha256').update(`${kind} ${name}`).digest('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

/** Rows as a replica has them. */
export function rowsOf({ external = {}, bridges = {}, controllers = [], failMode = 'secure' }: RowsWish): Rows {
  const interfaces = new Map<string, object>()
  const ports = new Map<string, object>()
  const bridgeRows = new Map<string, object>()
  for (const [bridge, its] of Object.entries(bridges)) {
    for (const each of its) {
      interfaces.set(uuidOf('if', each.name), {
        type: '',
        options: new Map(),
        ofport: 1,
        external_ids: new Map(),
        error: null,
        ...each,
      })
      ports.set(uuidOf('port', each.name), {
        name: each.name,
        interfaces: new Set([uuidOf('if', each.name)]),
        external_ids: new Map(),
      })
    }
    bridgeRows.set(uuidOf('br', bridge), {
      name: bridge,
      ports: new Set(its.map(({ name }) => uuidOf('port', name))),
      controller: new Set(controllers.map((_, n) => uuidOf('controller', n))),
      datapath_id: '00000000000000aa',
      datapath_type: 'netdev',
      fail_mode: failMode,
      other_config: new Map(Object.entries({ 'disable-in-band': 'true', 'datapath-id': datapathIdOf('hv1') })),
    })
  }
  const root = {
    external_ids: new Map(Object.entries({ 'system-id': 'hv1', ...external })),
    other_config: new Map(),
    ovs_version: '3.1.0',
  }
  return {
    Open_vSwitch: new Map([[uuidOf('root', ''), root]]),
    Bridge: bridgeRows,
    Port: ports,
    Interface: interfaces,
    Controller: new Map(controllers.map((row, n) => [uuidOf('controller', n), row])),
    Manager: new Map(),
  } as unknown as Rows
}
