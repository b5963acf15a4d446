/**
 * The ports towards the fabric in a host's OVSDB: patch pairs and tunnels. Plugboard marks each one with its role, and changes
 * or removes only ports that carry the mark.
 */
import type { FabricPort } from '../core/engine/engine.ts'
import {
  namedUuid,
  type OpenVSwitch,
  type Operation,
  openVSwitch,
  operations,
  type Tables,
  uuid,
} from '../ovsdb/index.ts'
import { INTEGRATION_BRIDGE, ROLE_KEY } from './external-ids.ts'

type Rows = Tables<OpenVSwitch>
const { insert, mutate, update } = operations(openVSwitch)

/** A port of Open vSwitch. A patch consists of two of them, a tunnel of one. */
interface Side {
  readonly role: string
  readonly bridge: string
  readonly name: string
  readonly type: string
  readonly options: ReadonlyMap<string, string>
}

/** The operations that give the host exactly these ports towards the fabric, among the ports that carry the mark. */
export function provisionPorts(rows: Rows, fabric: readonly FabricPort[]): Operation[] {
  const missing = new Map(fabric.flatMap(sidesOf).map((side) => [`${side.bridge}/${side.name}`, side]))
  const mended: Operation[] = []
  for (const { bridgeId, bridge, portId, port, interfaceId, found } of markedPorts(rows)) {
    const side = missing.get(`${bridge}/${port}`)
    missing.delete(`${bridge}/${port}`)
    if (!side) mended.push(mutate('Bridge', uuid(bridgeId), [['ports', 'delete', new Set([uuid(portId)])]]))
    else if (found.type !== side.type || !sameMap(found.options, side.options)) {
      mended.push(update('Interface', uuid(interfaceId), { type: side.type, options: side.options }))
    }
  }
  return [...mended, ...insertSides(rows, [...missing.values()], takenNames(rows, fabric))]
}

/** Names that Plugboard would give to its ports, but that interfaces without its mark already have. */
export function takenNames(rows: Rows, fabric: readonly FabricPort[]): string[] {
  const foreign = new Set(
    [...rows.Interface.values()].filter(({ external_ids }) => !external_ids.has(ROLE_KEY)).map(({ name }) => name),
  )
  return fabric
    .flatMap(sidesOf)
    .map(({ name }) => name)
    .filter((name) => foreign.has(name))
}

function* markedPorts(rows: Rows) {
  for (const [bridgeId, { name: bridge, ports }] of rows.Bridge) {
    for (const portId of ports) {
      const row = rows.Port.get(portId)
      const [interfaceId] = row?.interfaces ?? []
      const found = interfaceId === undefined ? undefined : rows.Interface.get(interfaceId)
      if (!row || !found?.external_ids.has(ROLE_KEY) || interfaceId === undefined) continue
      yield { bridgeId, bridge, portId, port: row.name, interfaceId, found }
    }
  }
}

/** Both ends of a patch are created in one transaction, or neither is. */
function insertSides(rows: Rows, missing: readonly Side[], taken: readonly string[]): Operation[] {
  const bridges = new Map([...rows.Bridge].map(([id, { name }]) => [name, id]))
  const canMake = (side: Side) => bridges.has(side.bridge) && !taken.includes(side.name)
  const blocked = new Set(missing.filter((side) => !canMake(side)).map(({ role }) => role))
  return missing
    .filter(({ role }) => !blocked.has(role))
    .flatMap((side, n) => {
      const bridge = bridges.get(side.bridge)
      if (bridge === undefined) return []
      const { name, type, options } = side
      const external_ids = new Map([[ROLE_KEY, side.role]])
      return [
        insert('Interface', { name, type, options, external_ids }, { as: `interface${n}` }),
        insert('Port', { name, interfaces: new Set([namedUuid(`interface${n}`)]), external_ids }, { as: `port${n}` }),
        mutate('Bridge', uuid(bridge), [['ports', 'insert', new Set([namedUuid(`port${n}`)])]]),
      ]
    })
}

function sidesOf(port: FabricPort): Side[] {
  const { role } = port
  const label = role.slice(role.indexOf(':') + 1)
  if (port.kind === 'tunnel') {
    const options = new Map(Object.entries(port.options))
    return [{ role, bridge: INTEGRATION_BRIDGE, name: `plug-${label}`, type: port.type, options }]
  }
  const [inner, outer] = [`plug-${label}-int`, outerPatch(label)]
  const side = (bridge: string, name: string, peer: string): Side => ({
    role,
    bridge,
    name,
    type: 'patch',
    options: new Map([['peer', peer]]),
  })
  return [side(INTEGRATION_BRIDGE, inner, outer), side(port.bridge, outer, inner)]
}

/** The name of the patch port on the bridge of a physical network. */
export const outerPatch = (physical: string): string => `plug-${physical}-ext`

export const sameMap = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
