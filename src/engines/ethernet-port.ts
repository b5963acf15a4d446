/** Fields that every port of an Ethernet network has. */
import { isIPv4 } from 'node:net'
import { Address4, Address6 } from 'ip-address'
import { Type } from 'typebox'
import { ADDRESSES, addressesOf, PAIRS, SECURITY } from '../../flows/ethernet/port.ts'
import type { Graph } from '../../topology/graph.ts'
import type { Attributes, Port } from '../../topology/nodes.ts'
import { PlugboardError } from '../errors.ts'
import type { PortFields } from './engine.ts'
import { parseMac } from './ethernet-vnic.ts'

const UNKNOWN_UNICAST = 'unknown_unicast'
/** Of each list. */
const MOST = 16

interface Fields {
  readonly unknown_unicast?: string
  readonly ip_addresses?: readonly string[]
  readonly allowed_address_pairs?: ReadonlyArray<{ readonly mac_address?: string; readonly ip_prefix: string }>
  readonly port_security?: boolean
}

export const ethernetPortFields: PortFields = {
  schema: Type.Object({
    [UNKNOWN_UNICAST]: Type.Optional(
      Type.Enum(['drop', 'flood'], {
        description:
          'frames for addresses that no VNIC of the network has: none of them, or a copy of each, for a guest that bridges',
      }),
    ),
    [ADDRESSES]: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: MOST,
        description:
          'IPv4 and IPv6 addresses that the VM is known to have: it sends as no other, and who asks for one is answered in the switch',
      }),
    ),
    [PAIRS]: Type.Optional(
      Type.Array(
        Type.Object(
          {
            mac_address: Type.Optional(Type.String({ description: "the VNIC's own where none is given" })),
            ip_prefix: Type.String({ description: 'an address, or address/length' }),
          },
          { additionalProperties: false },
        ),
        { maxItems: MOST, description: 'what else the VM may send as, such as the address of a VRRP router' },
      ),
    ),
    [SECURITY]: Type.Optional(
      Type.Boolean({ description: 'false lets the VM send whatever it likes; to switch it takes role admin' }),
    ),
  }),
  set(graph, port, fields, caller) {
    const before = port.attributes
    const given = fields as Fields
    const security = given.port_security ?? before[SECURITY] ?? true
    if (security !== (before[SECURITY] ?? true) && caller.role !== 'admin') {
      const detail = `to switch ${SECURITY} takes role admin, this token has role ${caller.role}: leave it out`
      throw new PlugboardError('forbidden', detail, { field: SECURITY })
    }
    const network = port.networkId === null ? undefined : graph.networks.get(port.networkId)
    for (const field of [ADDRESSES, PAIRS] as const) {
      if (!given[field]?.length || network?.project === port.project || caller.role === 'admin') continue
      const detail = `network ${network?.id} is project ${network?.project}'s: to say what addresses a VM has there takes role admin`
      throw new PlugboardError('forbidden', detail, { field })
    }
    const unknown = given.unknown_unicast ?? before[UNKNOWN_UNICAST] ?? 'drop'
    const addresses = given.ip_addresses ? own(graph, port, given.ip_addresses) : (before[ADDRESSES] ?? [])
    const pairs = given.allowed_address_pairs?.map(pairOf) ?? ((before[PAIRS] ?? []) as readonly Attributes[])
    return {
      ...port,
      attributes: {
        ...before,
        [UNKNOWN_UNICAST]: unknown,
        [ADDRESSES]: addresses,
        [PAIRS]: pairs,
        [SECURITY]: security,
      },
      // Nobody else knows where a further MAC address is.
      asksForUnknown: unknown === 'flood' || pairs.some(({ mac_address: mac }) => mac !== undefined),
    }
  },
}

/** @returns the addresses in their canonical form, each once and no other port's */
function own(graph: Graph, port: Port, given: readonly string[]): readonly string[] {
  const addresses = [...new Set(given.map((text) => canonical(text)))]
  if (addresses.length === 0 || port.networkId === null) return addresses
  for (const id of graph.portsOfNetwork.get(port.networkId)) {
    const other = id === port.id ? undefined : graph.ports.get(id)
    const others = other ? addressesOf(other) : []
    const taken = addresses.find((address) => others.includes(address))
    if (taken) {
      throw new PlugboardError('address-in-use', `address ${taken} is that of port ${id} in the same network`, {
        field: ADDRESSES,
      })
    }
  }
  return addresses
}

function canonical(text: string): string {
  const address = parse(text)
  if (address && !text.includes('/') && !isNobody(address)) return address.correctForm()
  throw new PlugboardError(
    'bad-request',
    `"${text}" is no address of a VM: it must be an IPv4 or IPv6 unicast address`,
    { field: ADDRESSES },
  )
}

/** Unspecified, loopback, broadcast, or IPv4 in the clothes of IPv6: no VM is reached by it. */
const isNobody = (address: Address4 | Address6): boolean =>
  address.isMulticast() ||
  [...NOBODY_4, ...NOBODY_6].some((range) => range.v4 === address.v4 && address.isInSubnet(range))

const NOBODY_4 = ['0.0.0.0/8', '127.0.0.0/8', '240.0.0.0/4'].map((range) => new Address4(range))
const NOBODY_6 = ['::/128', '::1/128', '::ffff:0:0/96'].map((range) => new Address6(range))

function pairOf({ mac_address: mac, ip_prefix: text }: NonNullable<Fields[typeof PAIRS]>[number]): Attributes {
  const address = parse(text)
  if (address === null) {
    throw new PlugboardError(
      'bad-request',
      `"${text}" is no ip_prefix: it must be like 10.0.0.5, 10.0.0.0/24 or fd00::/64`,
      {
        field: PAIRS,
      },
    )
  }
  const prefix = /\//.test(text)
    ? `${address.startAddress().correctForm()}/${address.subnetMask}`
    : address.correctForm()
  return { ...(mac === undefined ? {} : { mac_address: parseMac(mac, PAIRS) }), ip_prefix: prefix }
}

function parse(text: string): Address4 | Address6 | null {
  if (isIPv4(text.replace(/\/\d+$/, '')) && Address4.isValid(text)) return new Address4(text)
  return text.includes(':') && !text.includes('%') && Address6.isValid(text) ? new Address6(text) : null
}
