/** What the networks of all Ethernet engines share: they can hand out addresses. */
import type { Engine, NetworkService } from '../../core/engine/engine.ts'
import { schemaOf } from '../../core/resources/field.ts'
import { addressFields } from './address-fields.ts'
import { ethernetAnswer } from './ethernet-answer.ts'
import { networkAttributes } from './ethernet-network.ts'
import { ethernetPortFields } from './ethernet-port.ts'
import { planAddress, pooledAddresses } from './port-addresses.ts'

/** The address fields, which the common extension of the Ethernet engines documents. */
const FIELDS = { ...schemaOf(addressFields), extension: 'logical-network' }

/** @param own the engine's part: its segments, and the size of frames */
export const ethernetNetworks = (
  own: Pick<NetworkService, 'mesh' | 'segment' | 'plan' | 'mtu' | 'limits'>,
): Pick<Engine, 'answer'> & { readonly networks: NetworkService } => ({
  networks: {
    ...own,
    fields: FIELDS,
    rows: addressFields,
    canonical: (fields) =>
      Object.fromEntries(Object.entries(networkAttributes(fields)).filter(([, value]) => value !== null)),
    plan: (graph, asked, fields) => ({ ...own.plan(graph, asked, {}), attributes: networkAttributes(fields) }),
    portFields: ethernetPortFields,
    planPort: planAddress,
    addresses: pooledAddresses,
  },
  answer: ethernetAnswer(own.mtu),
})
