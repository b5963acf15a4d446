/** A controller on a store in memory. Its operations are called by name, as the HTTP room calls them. */

import pino from 'pino'
import { Controller } from '../../src/controller/controller.ts'
import type { Engine } from '../../src/core/engine/engine.ts'
import { guarded } from '../../src/core/engine/guarded.ts'
import { takenNames } from '../../src/core/engine/taken-names.ts'
import type { Feature } from '../../src/core/feature.ts'
import type { Identity } from '../../src/core/identity.ts'
import type { Operations } from '../../src/core/operations.ts'
import { load } from '../../src/core/persist.ts'
import type { Policy } from '../../src/core/resources/policy.ts'
import type { Made } from '../../src/core/settling.ts'
import { builtIn, ENGINE_ALIASES } from '../../src/engines/engine-list.ts'
import type { FloatingPool } from '../../src/engines/ethernet/physical-networks.ts'
import { FEATURES } from '../../src/features/feature-list.ts'
import type { NetworkId, ProjectId } from '../../topology/ids.ts'
import { MemoryStore } from './memory-store.ts'
import { placingOf } from './placing.ts'

export const PROJECT = 'red' as ProjectId

const VNIS = { vnis: [{ first: 4096, last: 16777215 }] }

export interface Options {
  readonly store?: MemoryStore
  /** `[first, last]` VLAN ids of physnet1. */
  readonly vlans?: readonly [number, number]
  /** The pools of floating addresses on physnet1. */
  readonly floating?: readonly FloatingPool[]
  /** The built-in engines to load. Default: all of them. */
  readonly builtIn?: readonly string[]
  /** Outside engines to load. */
  readonly outside?: readonly Engine[]
  readonly features?: readonly Feature[]
  readonly identity?: Identity
  /** Are switches served before their host has joined over OVSDB? Default: true, since most tests have no OVSDB. */
  readonly adoptAll?: boolean
  readonly policy?: Policy
}

/** The id of the store, unless a test gives another. */
export const STORE_ID = '00000000-0000-4000-8000-0000000000aa'

const built = (
  names: readonly string[] = ENGINE_ALIASES,
  [first, last]: readonly [number, number] = [100, 4000],
  floating: readonly FloatingPool[] = [],
) =>
  builtIn(names, {
    physicalNetworks: { physnet1: { vlans: [{ first, last }], floating } },
    overlays: { vxlan: VNIS, geneve: VNIS, mtu: 1500 },
  })

/** A built-in engine with the settings of this controller. */
export function engineOf(alias: string): Engine {
  const engine = built().find((each) => each.alias === alias)
  if (!engine) throw new Error(`no engine ${alias}`)
  return engine
}

export async function controllerOn({
  store = new MemoryStore(),
  vlans,
  floating,
  builtIn: names,
  outside = [],
  features = FEATURES,
  identity = { id: STORE_ID, load: null },
  adoptAll = true,
  policy,
}: Options = {}) {
  const controller = new Controller({
    store,
    identity,
    adoptAll,
    loaded: await load(store),
    log: pino({ level: 'silent' }),
    engines: [...built(names, vlans, floating), ...outside.map((engine) => guarded(engine, TAKEN))],
    features,
    ...(policy && { policy }),
    controllerFor: () => 'tcp:127.0.0.1:6653',
  })
  return { controller, store, call: callsOf(controller.operations), ...placingOf(controller) }
}

const TAKEN = takenNames(FEATURES)

const ADMIN = { project: '*', role: 'admin' } as const

/** Calls an operation of the project by its name in the API. @returns the id of the object */
function callsOf({ networks, ports, vnics }: Operations) {
  const calls: Readonly<
    Record<string, (body: Record<string, unknown>, network: NetworkId) => Promise<Made<{ readonly id: string }>>>
  > = {
    create_network: (body) => networks.create(PROJECT, body, ADMIN),
    create_port: (body, network) => ports.create(PROJECT, network, body, ADMIN),
    create_port_on_its_own: (body) => ports.create(PROJECT, null, body, ADMIN),
    create_vnic: (body) => vnics.create(PROJECT, body, ADMIN),
  }
  return async (
    operation: string,
    body: Record<string, unknown>,
    params: Record<string, string> = {},
  ): Promise<{ id: string }> => {
    const call = calls[operation]
    if (!call) throw new Error(`no operation ${operation}`)
    return (await call(body, params.network_id as NetworkId)).view
  }
}
