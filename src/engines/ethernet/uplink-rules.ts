/** The rules of networks on a physical network, tagged or untagged. Hosts outside of Plugboard may be there, too. */

import { attribute } from '../../../flows/engines/attribute.ts'
import type { Domain, EngineRules, Fabric, Fault } from '../../../flows/engines/engine-rules.ts'
import type { Hypervisor } from '../../../topology/model.ts'
import { whereItIs } from './announce.ts'
import { ethernetDomain, toMember, toUplink } from './ethernet-forward.ts'
import { ethernetGuard, ownFrames } from './ethernet-guard.ts'
import { borrows, neighbours } from './neighbours.ts'
import { servers } from './network-addressing.ts'
import { punts } from './punts.ts'

/** @param vlanOf returns the VLAN id of a network; null: its frames have no tag */
export function uplinkRules(alias: string, vlanOf: (network: Domain) => number | null): EngineRules {
  return {
    alias,
    fabric: (network, here) => physicalUplink(attribute(network, 'physical_network', 'string'), vlanOf(network), here),
    guard: ethernetGuard,
    ownFrames,
    neighbours,
    borrows,
    servers,
    punts,
    domain: ethernetDomain,
    member: toMember,
    remote: toUplink,
    announcements: whereItIs,
  }
}

/** The uplink to a physical network, or why there is none. @param vlanId null: untagged */
export function physicalUplink(
  physical: string,
  vlanId: number | null,
  here: Hypervisor,
): Extract<Fabric, { kind: 'uplink' }> | Fault {
  const role = `uplink:${physical}`
  const bridge = here.bridgeMappings[physical]
  if (!bridge) {
    return {
      code: 'bridge-mapping-missing',
      message: `hypervisor ${here.id} has no bridge mapping for physical network ${physical}: set external_ids:plugboard-bridge-mappings=${physical}:<bridge> there`,
      pending: false,
    }
  }
  if (here.fabric[role] === undefined) {
    const soon = `the patch port from br-int to ${bridge} on hypervisor ${here.id} is not there yet`
    return { code: 'uplink-missing', message: here.faults[role] ?? soon, pending: !here.faults[role] }
  }
  return { kind: 'uplink', role, vlanId }
}
