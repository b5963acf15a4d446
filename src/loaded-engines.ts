/** Loads the engines that a configuration names: built-in engines and modules. */

import type { Engine } from './core/engine/engine.ts'
import { type EngineWish, loadEngines as load } from './core/engine/load.ts'
import { takenNames } from './core/engine/taken-names.ts'
import type { EngineSettings } from './engines/built-in.ts'
import { builtIn, ENGINE_ALIASES } from './engines/engine-list.ts'
import { FEATURES } from './features/feature-list.ts'

/**
 * Loads engines. Paths of modules are relative to the working directory.
 * @throws EngineError
 */
export const loadEngines = (wishes: readonly EngineWish[], settings: EngineSettings): Promise<Engine[]> =>
  load(wishes, { aliases: ENGINE_ALIASES, make: (aliases) => builtIn(aliases, settings) }, takenNames(FEATURES))
