/** The address attributes of an Ethernet port. */

import type { Attribute, Attributes, Port } from '../../../topology/model.ts'
import { mac } from '../../openflow/index.ts'

/** The names of the fields. */
export const ADDRESSES = 'ip_addresses'
export const PAIRS = 'allowed_address_pairs'
export const SECURITY = 'port_security'

/** The known addresses of the port's VM, in canonical form. */
export const addressesOf = ({ attributes }: Port): string[] =>
  listOf(attributes, ADDRESSES).filter((each) => typeof each === 'string')

/** The IPv4 address that DHCP gives to the VM: the first one. */
export const ipv4AddressOf = (port: Port): string | undefined => addressesOf(port).find((each) => !each.includes(':'))

export interface Pair {
  /** Default: the MAC address of the VNIC. */
  readonly mac?: number
  /** An address or `address/length`. */
  readonly prefix: string
}

/** The further addresses that the VM may send from. */
export const pairsOf = ({ attributes }: Port): Pair[] =>
  listOf(attributes, PAIRS).map((pair) => {
    const { mac_address: text, ip_prefix } = pair as Attributes
    return { ...(typeof text === 'string' ? { mac: mac(text) } : {}), prefix: String(ip_prefix) }
  })

export const isUnguarded = ({ attributes }: Port): boolean => attributes[SECURITY] === false

function listOf(attributes: Attributes, name: string): readonly Attribute[] {
  const value = attributes[name]
  return Array.isArray(value) ? value : []
}
