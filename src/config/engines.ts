/** Reads the service engines that a configuration names. */
import type { EngineWish } from '../core/engine/load.ts'
import { ENGINE_ALIASES } from '../engines/engine-list.ts'
import { nearest } from './nearest.ts'
import { Disallowed } from './values.ts'

const RIGHT = `a list of engines, each one of ${ENGINE_ALIASES.join(', ')} or {module: "./my-engine.js"}`

export function readEngines(value: unknown): readonly EngineWish[] {
  if (!Array.isArray(value) || value.length === 0) throw new Disallowed(value, RIGHT)
  const wishes = value.map((item: unknown, index) => readEngine(item, `[${index}]`))
  for (const [index, wish] of wishes.entries()) {
    const same = wishes.findIndex((other) => JSON.stringify(other) === JSON.stringify(wish))
    if (same < index) throw new Disallowed(value[index], 'each engine once', { at: `[${index}]` })
  }
  return wishes
}

function readEngine(value: unknown, at: string): EngineWish {
  if (typeof value === 'string') {
    if (ENGINE_ALIASES.includes(value)) return value
    const meant = nearest(value, ENGINE_ALIASES)
    const allowed = `one of ${ENGINE_ALIASES.join(', ')}${meant ? ` (${meant}?)` : ''}, or {module: …} for an engine of your own`
    throw new Disallowed(value, allowed, { at })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Disallowed(value, RIGHT, { at })
  const { module, options, ...others } = value as Record<string, unknown>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw new Disallowed(value, 'only module and options', { at, holds: `a field "${unknown}"` })
  if (typeof module !== 'string' || module === '') {
    throw new Disallowed(module, 'the path of a module (./my-engine.js) or the name of a package', {
      at: `${at}.module`,
    })
  }
  return { module, ...(options === undefined ? {} : { options }) }
}
