/** Names of fields that engines may not take, since the core or a feature has them. */
import { askedNames, shownNames } from '../resources/field-table.ts'
import { type FeatureFields, tablesOf } from '../resources/tables.ts'

export interface TakenNames {
  /** In answers, where an engine's attributes stand beside them. */
  readonly shown: Readonly<Record<'network' | 'port' | 'vnic', readonly string[]>>
  /** In requests: `portField` for ports in networks, `port` for ports in none. */
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
