/** The engines that the configuration names: built-in ones, and modules of others. */
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Engine } from './engine.ts'
import { builtIn, ENGINE_ALIASES, type EngineSettings } from './registry.ts'

/** The alias of a built-in one, or a module whose default export makes one of these options. */
export type EngineWish = string | { readonly module: string; readonly options?: unknown }

/** An engine could not be loaded; the message says which one and why. */
export class EngineError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'EngineError'
  }
}

/**
 * Load them. Paths of modules are relative to the working directory.
 * @throws EngineError
 */
export async function loadEngines(wishes: readonly EngineWish[], settings: EngineSettings): Promise<Engine[]> {
  const names = wishes.filter((wish) => typeof wish === 'string')
  const engines = builtIn(names, settings)
  for (const wish of wishes) {
    if (typeof wish === 'string') continue
    const engine = await outside(wish)
    const twin = engines.find(({ alias }) => alias === engine.alias)
    if (twin || ENGINE_ALIASES.includes(engine.alias)) {
      throw new EngineError(`module ${wish.module}: its engine is called "${engine.alias}", as another one is`)
    }
    engines.push(engine)
  }
  return engines
}

async function outside({ module, options }: Exclude<EngineWish, string>): Promise<Engine> {
  const make = await imported(module)
  if (typeof make !== 'function') {
    throw new EngineError(`module ${module}: its default export must be a function that makes an engine of its options`)
  }
  let engine: unknown
  try {
    engine = await make(options ?? {})
  } catch (error) {
    throw new EngineError(`module ${module}: it could not make its engine: ${wordsOf(error)}`, error)
  }
  const wrong = whatIsWrong(engine)
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

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const ALIAS = /^[a-z][a-z0-9-]{0,63}$/
const METHODS = ['checkPlug', 'judgeHost', 'fabricPorts']
const RULES = ['fabric', 'admits', 'domain', 'member', 'remote']

/** What an engine lacks, in words; undefined if it has the shape of one. */
function whatIsWrong(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return `is ${value === null ? 'null' : typeof value}: it must be an object`
  const engine = value as Record<string, unknown>
  if (typeof engine.alias !== 'string' || !ALIAS.test(engine.alias)) {
    return 'has no alias: it must be a-z, 0-9 and -, such as "my-engine"'
  }
  const words = ['name', 'description'].find((name) => typeof engine[name] !== 'string')
  if (words) return `(${engine.alias}) has no ${words}: it must be text for people`
  if (!Array.isArray(engine.kinds) || engine.kinds.length === 0) {
    return `(${engine.alias}) has no kinds: it must be a list of the kinds of VNIC that its ports take`
  }
  const rules = engine.rules as Record<string, unknown> | undefined
  if (typeof rules !== 'object' || rules === null) return `(${engine.alias}) has no rules`
  const missing =
    METHODS.find((name) => typeof engine[name] !== 'function') ??
    RULES.map((name) => `rules.${name}`).find((name) => typeof rules[name.slice(6)] !== 'function')
  if (missing) return `(${engine.alias}) has no function ${missing}`
  if (!engine.networks && !engine.ports) return `(${engine.alias}) has neither networks nor ports`
  return undefined
}
