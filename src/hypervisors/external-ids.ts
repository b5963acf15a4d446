/** Reads the settings of a host from `external_ids` of its `Open_vSwitch` row. Each wrong setting adds a condition. */

import { isOpaque } from '../../topology/ids.ts'
import type { Condition } from '../core/engine/engine.ts'
import { peerAddress } from '../core/engine/peer-address.ts'
import { quoted } from '../core/quoted.ts'
import type { BridgeRow } from '../ovsdb/index.ts'
import { isShort } from './kept-text.ts'

/** The bridge that Plugboard programs on every host. */
export const INTEGRATION_BRIDGE = 'br-int'

/** The key in `external_ids` that marks ports and interfaces made by Plugboard; its value is the role of the port. */
export const ROLE_KEY = 'plugboard-role'

export type DatapathType = 'system' | 'netdev'

/** The type of a bridge's datapath. Open vSwitch treats an empty type as `system`. */
export const datapathTypeOf = ({ datapath_type: type }: Pick<BridgeRow, 'datapath_type'>): string => type || 'system'

/** A hypervisor is in few physical networks. Each one takes a pair of ports. */
const MAX_BRIDGE_MAPPINGS = 128

/**
 * @param text `physnet1:br-eth1,physnet2:br-eth2`
 * @param conditions receives one for each part that is malformed or repeated
 * @returns the bridge of each physical network
 */
export function parseBridgeMappings(text: string | undefined, conditions: Condition[]): Record<string, string> {
  // A map: a physical network may have the name of a property that every object has, such as `constructor`.
  const bridges = new Map<string, string>()
  const taken = new Set<string>()
  const parts = (text ?? '').split(',', MAX_BRIDGE_MAPPINGS + 1).map((part) => part.trim())
  if (parts.length > MAX_BRIDGE_MAPPINGS) {
    const message = `plugboard-bridge-mappings has more than ${MAX_BRIDGE_MAPPINGS} parts: the others are left out`
    conditions.push({ code: 'bad-bridge-mapping', message })
    parts.pop()
  }
  for (const part of parts.filter(Boolean)) {
    const [physical, bridge, ...more] = part.split(':')
    const isFormed =
      physical && bridge && more.length === 0 && isOpaque(physical) && isShort(bridge) && bridge !== INTEGRATION_BRIDGE
    // Two physical networks on one bridge would share their VLANs.
    if (isFormed && !bridges.has(physical) && !taken.has(bridge)) {
      bridges.set(physical, bridge)
      taken.add(bridge)
    } else
      conditions.push({
        code: 'bad-bridge-mapping',
        message: `plugboard-bridge-mappings holds ${quoted(part)}: it must be physical_network:bridge, each of them once, and a bridge other than ${INTEGRATION_BRIDGE}`,
      })
  }
  return Object.fromEntries(bridges)
}

/** @returns the tunnel address in canonical form; null if there is none, or if no peer could send to it */
export function parseEncapIp(text: string | undefined, conditions: Condition[]): string | null {
  if (text === undefined) return null
  const address = isShort(text) ? peerAddress(text) : null
  if (address !== null) return address
  conditions.push({
    code: 'bad-encap-ip',
    message: `plugboard-encap-ip holds ${quoted(text)}: it must be an IPv4 or IPv6 address of this host that its peers can reach`,
  })
  return null
}

/** @returns null if the host leaves the choice to Open vSwitch */
export function parseDatapathType(text: string | undefined, conditions: Condition[]): DatapathType | null {
  if (text === undefined) return null
  if (text === 'system' || text === 'netdev') return text
  conditions.push({
    code: 'bad-datapath-type',
    message: `plugboard-datapath-type holds ${quoted(text)}: it must be system or netdev`,
  })
  return null
}
