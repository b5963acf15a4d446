/** What a status is a function of. */
import type { Engines } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { PortId, VnicId } from '../../topology/ids.ts'
import type { Network } from '../../topology/model.ts'
import type { ConnectedSwitches } from '../core/connected-switches.ts'

export interface StatusView {
  readonly graph: GraphReader
  readonly engines: Engines
  readonly switches: ConnectedSwitches
  readonly outstanding: Outstanding
  /** What keeps a network from working as a whole, in words. */
  limits(graph: GraphReader, network: Network): string | undefined
}

/** Has some switch yet to confirm the latest change? */
export interface Outstanding {
  /** Of the VNIC's own rules. */
  vnic(id: VnicId): boolean
  /** Of what is prepared for the VNIC at another hypervisor. */
  migration(id: VnicId): boolean
  /** Of the rules of a port that leads to a remote site, or of a sub-port. */
  port(id: PortId): boolean
}
