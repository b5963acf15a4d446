/** What an Ethernet engine keeps of a port, as its request said it. */

import type { Attribute, Attributes, Port } from '../../../topology/model.ts'
import { mac } from '../../openflow/index.ts'

/** The names of the fields. */
export const ADDRESSES = 'ip_addresses'
export const PAIRS = 'allowed_address_pairs'
export const SECURITY = 'port_security'

/** The addresses that its VM is known to have, in their canonical form. */
export const addressesOf = ({ attributes }: Port): string[] =>
  listOf(attributes, ADDRESSES).filter((each) => typeof each === 'string')

/** The IPv4 address that it is given: the first one. */
export const ipv4AddressOf = (port: Port): string | undefined => addressesOf(port).find((each) => !each.includes(':'))

export interface Pair {
  /** Left out: the VNIC's own. */
  readonly mac?: number
  /** An address, or `address/length`. */
  readonly prefix: string
}

/** What else the VM may send as. */
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
