/** The engines that a configuration names: those that are built in, and modules. */

import type { Engine } from './core/engine/engine.ts'
import { type EngineWish, loadEngines as load } from './core/engine/load.ts'
import { takenNames } from './core/engine/taken-names.ts'
import { builtIn, ENGINE_ALIASES, type EngineSettings } from './engines/index.ts'
import { FEATURES } from './features/index.ts'

/**
 * Loads them. Paths of modules are relative to the working directory.
 * @throws EngineError
 */
export const loadEngines = (wishes: readonly EngineWish[], settings: EngineSettings): Promise<Engine[]> =>
  load(wishes, { aliases: ENGINE_ALIASES, make: (aliases) => builtIn(aliases, settings) }, takenNames(FEATURES))
