/** Names that engines must not give to their fields, because the core or a feature already uses them. */
import { askedNames, shownNames } from '../resources/field-table.ts'
import { type FeatureFields, tablesOf } from '../resources/tables.ts'

export interface TakenNames {
  /** Names in answers, which also show the attributes of an engine. */
  readonly shown: Readonly<Record<'network' | 'port' | 'vnic', readonly string[]>>
  /** Names in requests: `portField` for ports in networks, `port` for ports outside of networks. */
  readonly asked: Readonly<Record<'network' | 'portField' | 'port' | 'vnic', readonly string[]>>
}

export function takenNames(features: readonly FeatureFields[]): TakenNames {
  const { network, port, vnic } = tablesOf([], [], features)
  return {
    shown: { network: shownNames(network), port: shownNames(port), vnic: shownNames(vnic) },
    asked: {
      network: askedNames(network, 'create'),
      portField: askedNames(port, 'create', 'update'),
      port: askedNames(port, 'createAlone'),
      vnic: askedNames(vnic, 'create'),
    },
  }
}
