/** What operations on resources use beside the graph. */
import type { Engine, VnicKind } from '../engine/engine.ts'
import type { Feature } from '../feature.ts'
import type { Policy } from './policy.ts'
import type { Tables } from './tables.ts'

export interface ResourceContext {
  /** The loaded engines by alias. */
  readonly engines: ReadonlyMap<string, Engine>
  /** The kinds of VNIC that the loaded engines take. */
  readonly kinds: readonly VnicKind[]
  readonly features: readonly Feature[]
  /** The fields of each resource. */
  readonly tables: Tables
  readonly policy: Policy
}
