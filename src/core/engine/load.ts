/** Loads the engines that the configuration names: built-in engines and outside modules. */
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MAX_ENGINES } from '../../../flows/pipeline/table.ts'
import type { Engine } from './engine.ts'
import { guarded } from './guarded.ts'
import { whatClashes, whatIsWrong } from './shape.ts'
import type { TakenNames } from './taken-names.ts'

/** The alias of a built-in engine; or a module whose default export is a function that makes an engine from the options. */
export type EngineWish = string | { readonly module: string; readonly options?: unknown }

/** An engine could not be loaded. The message says which engine, and why. */
export class EngineError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'EngineError'
  }
}

/** The built-in engines. */
export interface BuiltIn {
  readonly aliases: readonly string[]
  /** Makes the engines with these aliases, in the order of their tables. */
  make(aliases: readonly string[]): Engine[]
}

/**
 * Loads engines. Paths of modules are relative to the working directory.
 * @param taken names that fields of outside engines must not have
 * @throws EngineError
 */
export async function loadEngines(
  wishes: readonly EngineWish[],
  builtIn: BuiltIn,
  taken: TakenNames,
): Promise<Engine[]> {
  const { aliases } = builtIn
  const engines = builtIn.make(wishes.filter((wish) => typeof wish === 'string'))
  for (const wish of wishes) {
    if (typeof wish === 'string') continue
    const engine = await outside(wish, taken)
    const twin = engines.some(({ alias }) => alias === engine.alias) || aliases.includes(engine.alias)
    if (twin) throw new EngineError(`module ${wish.module}: its alias "${engine.alias}" is that of another engine`)
    engines.push(guarded(engine, taken))
  }
  const others = engines.filter(({ alias }) => !aliases.includes(alias)).length
  const most = MAX_ENGINES - aliases.length
  if (others > most) throw new EngineError(`${others} modules are configured, but there are tables for at most ${most}`)
  const clash = whatClashes(engines)
  if (clash) throw new EngineError(clash)
  return engines
}

async function outside({ module, options }: Exclude<EngineWish, string>, taken: TakenNames): Promise<Engine> {
  const make = await imported(module)
  if (typeof make !== 'function') {
    const has = make === undefined ? 'it has no default export' : `its default export is ${typeof make}`
    throw new EngineError(`module ${module}: ${has}: it must be a function that makes an engine from its options`)
  }
  let engine: unknown
  try {
    engine = await make(options ?? {})
  } catch (error) {
    throw new EngineError(`module ${module}: it could not make its engine: ${wordsOf(error)}`, error)
  }
  const wrong = whatIsWrong(engine, taken)
  if (wrong) throw new EngineError(`module ${module}: its engine ${wrong}`)
  return engine as Engine
}

async function imported(module: string): Promise<unknown> {
  try {
    const isPath = /^(\.{0,2}\/|[A-Za-z]:)/.test(module)
    const path = isPath ? resolve(module) : createRequire(join(process.cwd(), 'engines')).resolve(module)
    return ((await import(pathToFileURL(path).href)) as { readonly default?: unknown }).default
  } catch (error) {
    throw new EngineError(`module ${module} cannot be loaded: ${wordsOf(error)}`, error)
  }
}

/** The first line of the error's message. */
const wordsOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
