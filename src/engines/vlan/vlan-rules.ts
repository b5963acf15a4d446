/** Engine `vlan`: each network is a VLAN of a physical network. */
import { attribute } from '../../../flows/engines/attribute.ts'
import { uplinkRules } from '../ethernet/uplink-rules.ts'

export const vlanRules = uplinkRules('vlan', (network) => attribute(network, 'vlan_id', 'number'))
