/** The tables of all resources, with the rows of the loaded engines and of the features. */
import type { Engine, VnicKind } from '../engine/engine.ts'
import { type NetworkField, type NetworkTable, networkTable } from './network-fields.ts'
import { type PortField, type PortTable, portTable } from './port-fields.ts'
import { type VnicField, type VnicTable, vnicTable } from './vnic-fields.ts'

export interface Tables {
  readonly network: NetworkTable
  readonly port: PortTable
  readonly vnic: VnicTable
}

/** The rows that a feature adds to the tables. */
export interface FeatureFields {
  readonly networkFields?: readonly NetworkField[]
  readonly portFields?: readonly PortField[]
  readonly vnicFields?: readonly VnicField[]
}

/** @param kinds the kinds of VNIC that can be created */
export const tablesOf = (
  engines: readonly Engine[],
  kinds: readonly VnicKind[],
  features: readonly FeatureFields[],
): Tables => ({
  network: networkTable(
    engines,
    features.flatMap(({ networkFields }) => networkFields ?? []),
  ),
  port: portTable(
    engines,
    features.flatMap(({ portFields }) => portFields ?? []),
  ),
  vnic: vnicTable(
    kinds,
    features.flatMap(({ vnicFields }) => vnicFields ?? []),
  ),
})
