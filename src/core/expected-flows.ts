/** Compiles the rules that should be on a hypervisor, for a reader of the API. It works in slices: there may be many rules. */
import { compile, type Engines, objectsOn } from '../../flows/compile.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import { sliced } from './slices.ts'

/**
 * Returns the rules in the order of the pipeline.
 * @param objects the objects whose rules to return; null: all
 */
export const expectedRules = (
  graph: GraphReader,
  engines: Engines,
  id: HypervisorId,
  objects: ReadonlySet<Key> | null,
): Promise<Rule[]> => sliced(collect(graph, engines, id, objects))

export const countExpectedRules = (graph: GraphReader, engines: Engines, id: HypervisorId): Promise<number> =>
  sliced(count(graph, engines, id))

function* collect(graph: GraphReader, engines: Engines, id: HypervisorId, objects: ReadonlySet<Key> | null) {
  const rules: Rule[] = []
  for (const object of objectsOn(graph, id)) {
    if (objects && !objects.has(object)) continue
    rules.push(...rulesOf(graph, engines, id, object))
    yield
  }
  return rules.sort((a, b) => a.table - b.table || b.priority - a.priority || a.author - b.author)
}

function* count(graph: GraphReader, engines: Engines, id: HypervisorId) {
  let rules = 0
  for (const object of objectsOn(graph, id)) {
    rules += rulesOf(graph, engines, id, object).length
    yield
  }
  return rules
}

/** The rules of an object. If its engine fails, the object has no rules, and the status of its VNIC says why. */
function rulesOf(graph: GraphReader, engines: Engines, id: HypervisorId, object: Key): Rule[] {
  try {
    return compile(graph, engines, id, object)
  } catch (error) {
    if (error instanceof EngineMistake) return []
    throw error
  }
}
