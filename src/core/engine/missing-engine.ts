/** Checks that the engines of all stored objects are loaded. */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import { StoreError } from '../../store/store.ts'
import type { Engine } from './engine.ts'

/** @throws StoreError `malformed` */
export function checkEngines(graph: GraphReader, engines: ReadonlyMap<string, Engine>): void {
  for (const { engine } of [...graph.networks.values(), ...graph.ports.values()]) {
    if (engines.has(engine)) continue
    throw new StoreError(
      'malformed',
      `the store has objects of engine "${engine}", which is not loaded: name it in "engines"`,
    )
  }
}
