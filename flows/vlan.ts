/** Engine `vlan`: a VLAN id of the physical network carries each network; physical hosts live there too. */
import { attribute } from './attribute.ts'
import type { EngineRules } from './engine.ts'
import { flood, toMember, unknownToUplink } from './ethernet/forward.ts'
import { ownAddress } from './ethernet/guard.ts'

export const vlanRules: EngineRules = {
  alias: 'vlan',
  fabric(network, here) {
    const physical = attribute(network, 'physical_network', 'string')
    const role = `uplink:${physical}`
    if (!here.bridgeMappings[physical]) {
      return {
        code: 'bridge-mapping-missing',
        message: `hypervisor ${here.id} has no bridge mapping for physical network ${physical}: set external_ids:plugboard-bridge-mappings=${physical}:<bridge> there`,
        pending: false,
      }
    }
    if (here.fabric[role] === undefined) {
      const soon = `the patch port from br-int to ${here.bridgeMappings[physical]} on hypervisor ${here.id} is not there yet`
      return { code: 'uplink-missing', message: here.faults[role] ?? soon, pending: !here.faults[role] }
    }
    return { kind: 'uplink', role, vlanId: attribute(network, 'vlan_id', 'number') }
  },
  admits: ownAddress,
  network: (network) => [flood(network), unknownToUplink(network)],
  member: (network, member) => [toMember(network, member)],
  remote: () => [],
}
