/**
 * Whether a host belongs to this store. A host carries the id of the store that it is served from. So a controller with a wrong or
 * empty store does not take the rules of other stores for left-overs. Pure.
 */
import type { HypervisorId } from '../../topology/ids.ts'
import type { Condition } from '../core/engine/engine.ts'
import type { Identity } from '../core/identity.ts'
import { quoted } from '../core/quoted.ts'
import {
  namedUuid,
  type OpenVSwitch,
  type Operation,
  openVSwitch,
  operations,
  type Tables,
  uuid,
} from '../ovsdb/index.ts'
import { INTEGRATION_BRIDGE } from './external-ids.ts'
import { controllerRow } from './provision.ts'

type Rows = Tables<OpenVSwitch>
const { insert, mutate } = operations(openVSwitch)

/** Keys in `external_ids` of `Open_vSwitch`: the id of the store, and the load (`Store.load`) since which the host was compared. */
const STORE_KEY = 'plugboard-store'
const LOAD_KEY = 'plugboard-store-load'

/** What a host carries; null: nothing. */
export interface Carried {
  readonly store: string | null
  readonly load: string | null
}

export function carriedBy(rows: Rows): Carried {
  const [root] = rows.Open_vSwitch.values()
  return { store: root?.external_ids.get(STORE_KEY) ?? null, load: root?.external_ids.get(LOAD_KEY) ?? null }
}

/**
 * `ours`: it is served. `unlooked`: its switch must be looked at first. `rules`: it is unknown and has rules of Plugboard. `store`: it
 * carries the id of another store.
 */
export type Standing = 'ours' | 'unlooked' | 'rules' | 'store'

/**
 * @param isKnown does the store know the host? Then it was served by a version whose hosts carry nothing
 * @param hasRules has its switch rules of Plugboard? undefined: nobody has looked
 */
export function standingOf(
  rows: Rows,
  { id }: Identity,
  { isKnown, hasRules }: { readonly isKnown: boolean; readonly hasRules: boolean | undefined },
): Standing {
  const { store } = carriedBy(rows)
  if (store !== null) return store === id ? 'ours' : 'store'
  // A bridge loses its rules when its last controller is taken away, and again when it gets one.
  const mayHaveRules = [...rows.Bridge.values()].some(
    ({ name, controller }) => name === INTEGRATION_BRIDGE && controller.size > 0,
  )
  if (isKnown || !mayHaveRules || hasRules === false) return 'ours'
  return hasRules ? 'rules' : 'unlooked'
}

/** Lets the switch of a host connect to this controller, too, so that its rules can be looked at. Its other controllers stay. */
export function lookOperations(rows: Rows, target: string): Operation[] {
  const found = [...rows.Bridge].find(([, { name }]) => name === INTEGRATION_BRIDGE)
  if (!found) return []
  const [id, bridge] = found
  if ([...bridge.controller].some((each) => rows.Controller.get(each)?.target === target)) return []
  return [
    insert('Controller', controllerRow(target), { as: 'look' }),
    mutate('Bridge', uuid(id), [['controller', 'insert', new Set([namedUuid('look')])]]),
  ]
}

/** What a host is to carry. */
export interface Marks {
  readonly store: string
  /** undefined: it keeps what it has. */
  readonly load: string | null | undefined
}

export function markOperations(rows: Rows, { store, load }: Marks): Operation[] {
  const [rootId] = rows.Open_vSwitch.keys()
  if (rootId === undefined) return []
  const carried = carriedBy(rows)
  const wanted = new Map([[STORE_KEY, store], ...(load ? ([[LOAD_KEY, load]] as const) : [])])
  const isRight = carried.store === store && (load === undefined || carried.load === load)
  if (isRight) return []
  const old = new Set([STORE_KEY, ...(load === undefined ? [] : [LOAD_KEY])])
  return [
    mutate('Open_vSwitch', uuid(rootId), [
      ['external_ids', 'delete', old],
      ['external_ids', 'insert', wanted],
    ]),
  ]
}

/** The condition of a host that is not touched. */
export function foreignStore(id: HypervisorId, standing: Standing, rows: Rows, identity: Identity): Condition {
  const remedy = `to serve it from this store, adopt it (POST /v1/hypervisors/${id}/adopt)`
  const wrong = 'if this is the wrong store, correct store.path'
  const message = {
    ours: '',
    unlooked: `the host is unknown to this store, and its br-int may have rules of Plugboard: nothing is changed there until its switch has connected and was looked at; ${remedy}`,
    rules: `the host is unknown to this store, and its br-int has rules of Plugboard: nothing is changed there; ${wrong}; ${remedy}`,
    store: `the host carries the id of another store (external_ids:${STORE_KEY}=${quoted(carriedBy(rows).store ?? '')}; this one is ${identity.id}): nothing is changed there; ${wrong}; ${remedy}`,
  }[standing]
  return { code: 'foreign-store', message }
}
