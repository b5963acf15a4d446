/** Everything that a status depends on. */
import type { Engines } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { PortId, VnicId } from '../../topology/ids.ts'
import type { Network, Vnic } from '../../topology/model.ts'
import type { ConnectedSwitches } from '../core/connected-switches.ts'
import type { TroublesReader } from '../core/troubles.ts'

export interface StatusView {
  readonly graph: GraphReader
  readonly engines: Engines
  readonly switches: ConnectedSwitches
  readonly troubles: TroublesReader
  readonly outstanding: Outstanding
  /** What was seen that is closest to the interface of a VNIC that has none, in words; undefined: nothing. */
  readonly sightings: { closest(vnic: Vnic): string | undefined }
  /** Why a network does not work as a whole, in words; undefined: it works. */
  limits(graph: GraphReader, network: Network): string | undefined
}

/** Says whether a switch has not yet confirmed the latest change of an object. */
export interface Outstanding {
  /** Is a change of the VNIC's own rules unconfirmed? */
  vnic(id: VnicId): boolean
  /** Are the rules unconfirmed that are prepared for the VNIC at the target of its migration? */
  migration(id: VnicId): boolean
  /** Is a change unconfirmed of the rules of this port, a sub-port or one that leads to a remote site? */
  port(id: PortId): boolean
}
