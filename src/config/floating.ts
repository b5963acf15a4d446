/** Reads the pools of floating addresses of a physical network. */

import { quoted } from '../core/quoted.ts'
import type { Range } from '../core/resources/segments.ts'
import type { FloatingPool } from '../engines/ethernet/physical-networks.ts'
import {
  endsOf,
  isUnicast,
  isWithin,
  overlap,
  parseAddress,
  parsePrefix,
  printPrefix,
} from '../engines/nat-ipv4/prefixes.ts'
import { nearest } from './nearest.ts'
import { Disallowed, readNumber } from './values.ts'

const FIELDS = ['prefix', 'vlan', 'gateway_ip']
const FORM = '{prefix: 203.0.113.0/24, vlan: 50, gateway_ip: 203.0.113.1}'

export function readFloating(value: unknown): readonly FloatingPool[] {
  if (!Array.isArray(value)) throw new Disallowed(value, `a list of prefixes, each ${FORM}`)
  return value.map((item: unknown, index) => readPool(item, `[${index}]`))
}

function readPool(value: unknown, at: string): FloatingPool {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Disallowed(value, FORM, { at })
  const unknown = Object.keys(value).find((name) => !FIELDS.includes(name))
  if (unknown !== undefined) {
    const meant = nearest(unknown, FIELDS)
    const allowed = `only ${FIELDS.join(', ')}${meant ? ` (${meant}?)` : ''}`
    throw new Disallowed(value, allowed, { at, holds: `a field ${quoted(unknown)}` })
  }
  const { prefix: text, vlan, gateway_ip: router } = value as Record<string, unknown>
  const prefix = parsePrefix(text)
  if (!prefix || prefix.length > 30 || !isUnicast(prefix)) {
    const allowed = 'a prefix of hosts, such as 203.0.113.0/24, with no bits set behind its length, of 30 at most'
    throw new Disallowed(text, allowed, { at: `${at}.prefix` })
  }
  const gateway = router === undefined ? null : parseAddress(router)
  if (router !== undefined && (gateway === null || !isWithin(gateway, prefix) || endsOf(prefix).includes(gateway)))
    throw new Disallowed(router, `an address of a host in ${printPrefix(prefix)}`, { at: `${at}.gateway_ip` })
  return { prefix, vlan: vlan === undefined ? null : readVlan(vlan, `${at}.vlan`), gateway }
}

function readVlan(value: unknown, at: string): number {
  try {
    return readNumber(1, 4094)(value)
  } catch (error) {
    throw error instanceof Disallowed ? new Disallowed(value, error.message, { at }) : error
  }
}

/** How pools conflict with each other or with the VLANs of networks, to follow the key in an error; undefined: they do not. */
export function overlaps(pools: readonly FloatingPool[], vlans: readonly Range[]): string | undefined {
  for (const [index, pool] of pools.entries()) {
    const { prefix, vlan } = pool
    const first = pools.findIndex((other) => overlap(other.prefix, prefix))
    if (first < index)
      return `[${index}].prefix holds "${printPrefix(prefix)}"; allowed: a prefix apart from that of [${first}]`
    if (vlan !== null && vlans.some((range) => range.first <= vlan && vlan <= range.last))
      return `[${index}].vlan holds ${vlan}; allowed: a VLAN outside "vlans", which are given to networks`
  }
  return undefined
}
