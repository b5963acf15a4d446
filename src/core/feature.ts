/**
 * A feature: something that objects of every engine can have, beside what the core gives them. The core calls all features
 * alike and knows none by name; the controller hands them in.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { NetworkId } from '../../topology/ids.ts'
import type { Port, Vnic } from '../../topology/model.ts'
import type { Draft, Writer } from './draft.ts'
import type { Engine } from './engine/engine.ts'
import type { FeatureFields } from './resources/tables.ts'

type Engines = ReadonlyMap<string, Engine>

export interface Feature extends FeatureFields {
  /** For docs/fields.md. */
  readonly name: string
  /** May this VNIC be plugged into this port? @throws PlugboardError */
  checkPlug?(graph: GraphReader, engines: Engines, vnic: Vnic, port: Port): void
  /** May a port without a VNIC be destroyed? @throws PlugboardError */
  checkDestroy?(graph: GraphReader, port: Port): void
  /**
   * What else changes with a port. Called when the port has just been made (`from` is null), changed, or destroyed (`to` is
   * null) in the draft.
   * @throws PlugboardError where the port cannot be so
   */
  portChanged?(draft: Draft, engines: Engines, from: Port | null, to: Port | null): void
  /** Called before a network is destroyed, outside of that operation: for work that is too long for one. */
  networkEnding?(writer: Writer, id: NetworkId): Promise<void>
  /** Called when a network has just been destroyed in the draft. */
  networkDestroyed?(draft: Draft, id: NetworkId): void
}
