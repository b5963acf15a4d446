/**
 * Way to the fabric `routed`: a physical network on which each member has an IPv4 address of its own. Its members do not share
 * an Ethernet. The stage translates between their addresses and those of the physical network.
 */

import type { Member } from '../../engines/engine-rules.ts'
import { dotted, type Prefix, printPrefix } from '../../engines/prefix.ts'
import { isWhole, record } from '../../engines/said-values.ts'
import { leavingUplink, UPLINK_ROLE, uplinkFabric } from '../../fabrics/uplink-fabric.ts'
import { type FabricKind, nameOf } from '../../pipeline/fabric-kind.ts'

export interface Routed {
  readonly kind: 'routed'
  /** `uplink:physnet1` */
  readonly role: string
  /** null: untagged. */
  readonly vlanId: number | null
  /** The floating addresses of members. */
  readonly prefix: Prefix
  /** The addresses that are reached without the router. */
  readonly onLink: Prefix
  /** The address of the router; null: there is none. */
  readonly nextHop: number | null
  /** The private addresses of the members. */
  readonly inside: Prefix
  /** The private address of the gateway, which the switch implements. */
  readonly gateway: number
}

/** The two addresses of a member of a routed network, and its VNIC's MAC address. */
export interface Translation {
  /** Its address on the physical network. */
  readonly floating: number
  /** Its address as the VM knows it. */
  readonly inside: number
  readonly mac: number
}

declare module '../../engines/engine-rules.ts' {
  interface Fabrics {
    readonly routed: Routed
  }
  interface EngineRules {
    /** The addresses of a member, in a domain whose way to the fabric is `routed`. */
    translation?(member: Member): Translation
  }
}

export const routedFabric: FabricKind<Routed> = {
  kind: 'routed',
  role: UPLINK_ROLE,
  isEthernet: false,
  hasPeers: false,
  mistake: (said) => uplinkFabric.mistake(said) ?? addressMistake(said),
  segmentOf: (fabric) => `${PREFIX}${nameOf(fabric)}/${printPrefix(fabric.prefix)}`,
  arriving: ({ role, vlanId }) => uplinkFabric.arriving({ kind: 'uplink', role, vlanId }),
  leaving: ({ output }, fabric) => [leavingUplink(fabric, output)],
  beyond: () => undefined,
}

/** The prefix of these segments' names. */
const PREFIX = 'routed/'

/** The name of the segment of one address: `routed/physnet1/203.0.113.5`. */
export const addressSegment = (physicalNetwork: string, address: number): string =>
  `${PREFIX}${physicalNetwork}/${dotted(address)}`

function addressMistake({ prefix, onLink, inside, nextHop, gateway }: Readonly<Record<string, unknown>>) {
  const isAddress = (each: unknown) => isWhole(each, 0, 0xffffffff)
  const isPrefix = (each: unknown) => isAddress(record(each).first) && isWhole(record(each).length, 0, 32)
  const isRight =
    [prefix, onLink, inside].every(isPrefix) && isAddress(gateway) && (nextHop === null || isAddress(nextHop))
  const right =
    'prefixes {first, length} for prefix, onLink and inside, and addresses for gateway and nextHop (or null)'
  return isRight ? undefined : `a routed network without its addresses: it must have ${right}`
}
