/** Fields that every port of an Ethernet network has. */

import { Type } from 'typebox'
import { prefixOf } from '../../../flows/engines/prefix.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Attributes, Network, Port } from '../../../topology/model.ts'
import type { PortFields } from '../../core/engine/engine.ts'
import { PlugboardError } from '../../core/errors.ts'
import { ipv4, ipv6 } from '../../openflow/index.ts'
import { hostIn } from './ethernet-network.ts'
import { parseMac } from './ethernet-vnic.ts'
import { isMade } from './interface-id.ts'
import { isNobody, parseIp } from './ip-values.ts'
import { dhcpServerOf, ipv4Of, ipv6Of, prefix6 } from './network-addressing.ts'
import { ADDRESSES, addressesOf, PAIRS, SECURITY } from './port-addressing.ts'

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
          'IPv4 and IPv6 addresses that the VM is known to have: it sends as no other, and who asks for one is answered in the switch; of a network with ipv4 one of its prefix, chosen for a new port that says none',
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
      if (network?.project === port.project || caller.role === 'admin') continue
      // Without the address that its network gave it, a VM would be held to none.
      const isGiven = field === ADDRESSES && network !== undefined && ipv4Of(network) !== null
      if (given[field] === undefined || (given[field].length === 0 && !isGiven)) continue
      const detail = `network ${network?.id} is project ${network?.project}'s: to say what addresses a VM has there takes role admin`
      throw new PlugboardError('forbidden', detail, { field })
    }
    const unknown = given.unknown_unicast ?? before[UNKNOWN_UNICAST] ?? 'drop'
    const handsOut = network ? ipv4Of(network) : null
    // Of a new port: one is chosen for it when it is made.
    const none = handsOut ? null : []
    const addresses = given.ip_addresses ? own(network, given.ip_addresses) : (before[ADDRESSES] ?? none)
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
      floodUnknown: unknown === 'flood' || pairs.some(({ mac_address: mac }) => mac !== undefined),
    }
  },
  check: checkUnshared,
}

/** @returns the addresses in their canonical form, each once */
function own(network: Network | undefined, given: readonly string[]): readonly string[] {
  const addresses = [...new Set(given.map((text) => canonical(text)))]
  if (network) for (const each of addresses) choosable(network, each)
  return addresses
}

/** Has no other port of the network one of its addresses? @throws PlugboardError `address-in-use` */
function checkUnshared(graph: GraphReader, port: Port): void {
  const network = port.networkId === null ? undefined : graph.networks.get(port.networkId)
  if (!network) return
  const addresses = addressesOf(port)
  // Those of its pool are in a book.
  const others = ipv4Of(network) ? addresses.filter((each) => each.includes(':')) : addresses
  if (others.length === 0) return
  for (const id of graph.portsOfNetwork.get(network.id)) {
    const other = id === port.id ? undefined : graph.ports.get(id)
    const its = other ? addressesOf(other) : []
    const taken = others.find((address) => its.includes(address))
    if (taken) {
      throw new PlugboardError('address-in-use', `address ${taken} is that of port ${id} in the same network`, {
        field: ADDRESSES,
      })
    }
  }
}

/** May a port of a network that hands out addresses choose this one? @throws PlugboardError `bad-request` */
function choosable(network: Network, address: string): void {
  const [v4, v6] = [ipv4Of(network), ipv6Of(network)]
  const refuse = (detail: string): never => {
    throw new PlugboardError('bad-request', `${ADDRESSES} ${address} ${detail}`, { field: ADDRESSES })
  }
  if (address.includes(':')) {
    if (v6 && isMade(ipv6(prefix6(v6.prefix)), ipv6(address)))
      refuse('is one that VMs make of their MAC addresses, which are known: leave it out')
    return
  }
  if (!v4) return
  hostIn(prefixOf(v4.prefix), address, ADDRESSES)
  if (address === v4.gateway_ip)
    refuse(`is the gateway of the network: choose another one; a VM that is the gateway has it in ${PAIRS}`)
  if (ipv4(address) === dhcpServerOf(v4)) refuse('is that of the DHCP server: choose another one')
}

function canonical(text: string): string {
  const address = parseIp(text)
  if (address && !text.includes('/') && !isNobody(address)) return address.correctForm()
  throw new PlugboardError(
    'bad-request',
    `"${text}" is no address of a VM: it must be an IPv4 or IPv6 unicast address`,
    { field: ADDRESSES },
  )
}

function pairOf({ mac_address: mac, ip_prefix: text }: NonNullable<Fields[typeof PAIRS]>[number]): Attributes {
  const address = parseIp(text)
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
