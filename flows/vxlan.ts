/** Engine `vxlan`: a VNI carries each network between the hypervisors that have members; unknown unicast is dropped. */
import { attribute } from './attribute.ts'
import type { EngineRules } from './engine.ts'
import { flood, toMember, toPeer } from './ethernet/forward.ts'
import { ownAddress } from './ethernet/guard.ts'

/** The role of the one flow-based tunnel port of a hypervisor. */
export const VXLAN_ROLE = 'tunnel:vxlan'

export const vxlanRules: EngineRules = {
  alias: 'vxlan',
  fabric(network, here) {
    if (!here.encapIp) {
      return {
        code: 'no-encap-ip',
        message: `hypervisor ${here.id} has no address for tunnels: set external_ids:plugboard-encap-ip=<address> there`,
        pending: false,
      }
    }
    if (here.fabric[VXLAN_ROLE] === undefined) {
      const soon = `the tunnel port on hypervisor ${here.id} is not there yet`
      return { code: 'tunnel-missing', message: here.faults[VXLAN_ROLE] ?? soon, pending: !here.faults[VXLAN_ROLE] }
    }
    return { kind: 'overlay', role: VXLAN_ROLE, tunnelKey: attribute(network, 'vni', 'number') }
  },
  admits: ownAddress,
  network: (network) => [flood(network)],
  member: (network, member) => [toMember(network, member)],
  remote: (network, member, peer) => [toPeer(network, member, peer)],
}
