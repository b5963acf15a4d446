/** The list of built-in engines, and the tables and kinds of VNIC of the loaded engines. */
import type { Engines } from '../../flows/compile.ts'
import { engineTables } from '../../flows/pipeline/table.ts'
import type { Engine, VnicKind } from '../core/engine/engine.ts'
import { ETHERNET } from '../core/engine/offers.ts'
import type { BuiltInEngine, EngineSettings } from './built-in.ts'
import { ethernetKind } from './ethernet/ethernet-vnic.ts'
import * as engines from './index.ts'

const BUILT_IN: readonly BuiltInEngine[] = Object.values(engines).sort((a, b) => a.slot - b.slot)

/** The aliases of the built-in engines, in the order of their tables. */
export const ENGINE_ALIASES: readonly string[] = BUILT_IN.map(({ alias }) => alias)

/** Makes the built-in engines of these names. */
export const builtIn = (names: readonly string[], settings: EngineSettings): Engine[] =>
  BUILT_IN.filter(({ alias }) => names.includes(alias)).map((engine) => engine.make(settings))

/** Gives each engine its own range of tables. The tables of outside engines come after those of all built-in engines. */
export function rulesOf(loaded: ReadonlyMap<string, Engine>): Engines {
  const outside = [...loaded.keys()].filter((alias) => !ENGINE_ALIASES.includes(alias))
  const slotOf = (alias: string): number =>
    BUILT_IN.find((engine) => engine.alias === alias)?.slot ?? BUILT_IN.length + outside.indexOf(alias)
  return new Map([...loaded].map(([alias, { rules }]) => [alias, { rules, tables: engineTables(slotOf(alias)) }]))
}

/** The kinds of VNIC that the loaded engines take. */
export function kindsOf(loaded: Iterable<Engine>): VnicKind[] {
  const all = [...loaded]
  const isTaken = all.some(({ kinds }) => kinds.includes(ETHERNET))
  return [...(isTaken ? [ethernetKind] : []), ...all.flatMap(({ vnics }) => vnics ?? [])]
}
