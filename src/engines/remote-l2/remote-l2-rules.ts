/** Engine `remote-l2`: each port is a layer-2 tunnel to a remote end, for one VNIC or for a whole network. */
import { attribute } from '../../../flows/engines/attribute.ts'
import type { EngineRules } from '../../../flows/engines/engine-rules.ts'
import { sameFamily } from '../../../flows/pipeline/tunnel.ts'
import { ethernetDomain, toMember } from '../ethernet/ethernet-forward.ts'
import { ethernetGuard, ownFrames } from '../ethernet/ethernet-guard.ts'
import { tunnelFault, tunnelRole } from '../ethernet/overlay-rules.ts'

export const remoteL2Rules: EngineRules = {
  alias: 'remote-l2',
  fabric(port, here) {
    const type = attribute(port, 'tunnel_type', 'string')
    const remoteIp = attribute(port, 'remote_ip', 'string')
    const fault = tunnelFault(type, here)
    if (fault) return fault
    if (here.encapIp === remoteIp) {
      return {
        code: 'remote-is-here',
        message: `remote_ip ${remoteIp} is the tunnel address of hypervisor ${here.id} itself: name the remote end`,
        pending: false,
      }
    }
    if (!sameFamily(here.encapIp ?? '', remoteIp)) {
      return {
        code: 'address-family',
        message: `hypervisor ${here.id} has tunnel address ${here.encapIp} and cannot reach ${remoteIp}, of the other address family`,
        pending: false,
      }
    }
    return { kind: 'wire', role: tunnelRole(type), tunnelKey: attribute(port, 'tunnel_key', 'number'), remoteIp }
  },
  guard: ethernetGuard,
  ownFrames,
  domain: ethernetDomain,
  member: toMember,
  remote: () => [],
}
