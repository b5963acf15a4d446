/** Engine `vlan`: a VLAN id of the physical network carries each network. */
import { attribute } from '../../../flows/engines/attribute.ts'
import { uplinkRules } from '../ethernet/uplink-rules.ts'

export const vlanRules = uplinkRules('vlan', (network) => attribute(network, 'vlan_id', 'number'))
