/**
 * A feature: an optional service that objects of every engine can have. The core calls all features through this interface and
 * knows none by name. The controller passes the list of features to the core.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { NetworkId } from '../../topology/ids.ts'
import type { Port, Vnic } from '../../topology/model.ts'
import type { Draft, Writer } from './draft.ts'
import type { Engine } from './engine/engine.ts'
import type { FeatureFields } from './resources/tables.ts'

type Engines = ReadonlyMap<string, Engine>

export interface Feature extends FeatureFields {
  /** The name of the feature, for docs/fields.md. */
  readonly name: string
  /** Checks that this VNIC may be plugged into this port. @throws PlugboardError */
  checkPlug?(graph: GraphReader, engines: Engines, vnic: Vnic, port: Port): void
  /** Checks that a port without a VNIC may be destroyed. @throws PlugboardError */
  checkDestroy?(graph: GraphReader, port: Port): void
  /**
   * Makes the changes that follow from a change of a port. Called when the draft has just created (`from` is null), changed or
   * destroyed (`to` is null) the port.
   * @throws PlugboardError if the change is not allowed
   */
  portChanged?(draft: Draft, engines: Engines, from: Port | null, to: Port | null): void
  /** Called before the operation that destroys a network, for work that takes too long for one operation. */
  networkEnding?(writer: Writer, id: NetworkId): Promise<void>
  /** Called when the draft has just destroyed a network. */
  networkDestroyed?(draft: Draft, id: NetworkId): void
}
