/** The rules of networks that tunnels carry between the hypervisors with members. */

import { attribute } from '../../../flows/engines/attribute.ts'
import type { EngineRules, Fault } from '../../../flows/engines/engine-rules.ts'
import type { Hypervisor } from '../../../topology/model.ts'
import { ethernetDomain, toMember, toPeer } from './ethernet-forward.ts'
import { ethernetGuard, ownFrames } from './ethernet-guard.ts'
import { borrows, neighbours } from './neighbours.ts'
import { servers } from './network-addressing.ts'
import { punts } from './punts.ts'

/** The role of the tunnel port of this type. A hypervisor has one for all networks. */
export const tunnelRole = (type: string): string => `tunnel:${type}`

/** @param type the tunnel type, by its name in Open vSwitch */
export function overlayRules(type: string): EngineRules {
  return {
    alias: type,
    fabric(network, here) {
      const role = tunnelRole(type)
      return tunnelFault(type, here) ?? { kind: 'overlay', role, tunnelKey: attribute(network, 'vni', 'number') }
    },
    guard: ethernetGuard,
    ownFrames,
    neighbours,
    borrows,
    servers,
    punts,
    domain: ethernetDomain,
    member: toMember,
    remote: toPeer,
  }
}

/** Why a hypervisor has no tunnels of this type; undefined if it has. */
export function tunnelFault(type: string, here: Hypervisor): Fault | undefined {
  if (!here.encapIp) {
    return {
      code: 'no-encap-ip',
      message: `hypervisor ${here.id} has no address for tunnels: set external_ids:plugboard-encap-ip=<address> there`,
      pending: false,
    }
  }
  const role = tunnelRole(type)
  if (here.fabric[role] !== undefined) return undefined
  const soon = `the tunnel port for ${type} on hypervisor ${here.id} is not there yet`
  return { code: 'tunnel-missing', message: here.faults[role] ?? soon, pending: !here.faults[role] }
}
