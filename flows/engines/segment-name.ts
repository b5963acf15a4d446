/**
 * The name of the segment that a way to the fabric is. Domains are kept apart there by having segments of their own, so what
 * a domain was given must be what its rules use.
 */

import type { Fabric } from './engine-rules.ts'
import { dotted, printPrefix } from './prefix.ts'

/** `vlan/physnet1/101`, `flat/physnet1`, `vxlan/4097`, `gre/7/203.0.113.5`, which is a part of `gre/7`. */
export function segmentOf(fabric: Fabric): string {
  const name = fabric.role.slice(fabric.role.indexOf(':') + 1)
  switch (fabric.kind) {
    case 'uplink':
      return fabric.vlanId === null ? `flat/${name}` : `vlan/${name}/${fabric.vlanId}`
    case 'routed':
      return `routed/${name}/${printPrefix(fabric.prefix)}`
    case 'overlay':
      return `${name}/${fabric.tunnelKey}`
    case 'wire':
      return `${name}/${fabric.tunnelKey}/${fabric.remoteIp}`
  }
}

/** Of one address of a physical network: `routed/physnet1/203.0.113.5`. */
export const addressSegment = (physicalNetwork: string, address: number): string =>
  `routed/${physicalNetwork}/${dotted(address)}`
