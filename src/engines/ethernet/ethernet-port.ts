/** Fields that every port of an Ethernet network has. */

import { Type } from 'typebox'
import { prefixOf } from '../../../flows/engines/prefix.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Attributes, Network, Port } from '../../../topology/model.ts'
import type { Caller } from '../../core/caller.ts'
import { portFieldsOf } from '../../core/engine/port-rows.ts'
import { PlugboardError } from '../../core/errors.ts'
import { IP_FORMS, parseIp, parseIpPrefix } from '../../core/ip-text.ts'
import { quoted } from '../../core/quoted.ts'
import { asAttribute } from '../../core/resources/field.ts'
import { calledFor } from '../../core/resources/objects.ts'
import type { EnginePortField } from '../../core/resources/port-fields.ts'
import { ipv4, ipv6 } from '../../openflow/index.ts'
import { DHCP_OPTIONS, DhcpOptions, dhcpOptions, optionsOf } from './dhcp-options.ts'
import { hostIn } from './ethernet-network.ts'
import { parseMac } from './ethernet-vnic.ts'
import { isMade } from './interface-id.ts'
import { isNobody } from './ip-values.ts'
import { dhcpServerOf, IPV4, ipv4Of, ipv6Of, prefix6 } from './network-addressing.ts'
import { ADDRESSES, addressesOf, isUnguarded, PAIRS, pairsOf, SECURITY } from './port-addressing.ts'

const UNKNOWN_UNICAST = 'unknown_unicast'

/** The most addresses, and the most address pairs, of a port. */
const MAX_ADDRESSES = 16

const ROLES = { create: 'member', update: 'member' } as const

type PairWish = { readonly mac_address?: string; readonly ip_prefix: string }

/** A port with further MAC addresses must get frames to unknown addresses, because the switches do not know these addresses. */
function flooding(port: Port): Port {
  const { [UNKNOWN_UNICAST]: unknown, [PAIRS]: pairs } = port.attributes
  const hasFurtherMacs = ((pairs ?? []) as readonly Attributes[]).some(({ mac_address: mac }) => mac !== undefined)
  return { ...port, floodUnknown: unknown === 'flood' || hasFurtherMacs }
}

const networkOf = (graph: GraphReader, { networkId }: Port): Network | undefined =>
  networkId === null ? undefined : graph.networks.get(networkId)

/** In a shared network, only an admin may set the addresses of a port of another project. @throws PlugboardError */
function checkOwner(field: string, port: Port, network: Network | undefined, caller: Caller): void {
  if (network?.project === port.project || caller.role === 'admin') return
  const detail = `network ${network?.id} is project ${network?.project}'s: to say what addresses a VM has there takes role admin`
  throw new PlugboardError('forbidden', detail, { field })
}

const UNKNOWN: EnginePortField = {
  name: UNKNOWN_UNICAST,
  documentation:
    '`flood` gives the VM a copy of each frame for an address that no VNIC of the network has; `drop` gives it none.',
  answer: Type.String({ description: 'in an Ethernet network: what becomes of frames for addresses that no VNIC has' }),
  request: {
    schema: Type.Enum(['drop', 'flood'], {
      description:
        'frames for addresses that no VNIC of the network has: none of them, or a copy of each, for a guest that bridges',
    }),
    roles: ROLES,
    default: 'drop',
    get: asAttribute(UNKNOWN_UNICAST).get,
    set: (port, value) => flooding(asAttribute(UNKNOWN_UNICAST).set(port, value)),
  },
}

const IP_ADDRESSES: EnginePortField = {
  name: ADDRESSES,
  documentation:
    'The addresses that the VM is [known to have](guests.md). In a network that [hands out addresses](addresses.md) one is chosen where none is given.',
  answer: Type.Array(Type.String(), {
    description: 'in an Ethernet network: the addresses that the VM is known to have',
  }),
  request: {
    schema: Type.Array(Type.String(), {
      maxItems: MAX_ADDRESSES,
      description:
        'IPv4 and IPv6 addresses that the VM is known to have: it sends as no other, and who asks for one is answered in the switch; of a network with ipv4 one of its prefix, chosen for a new port that says none',
    }),
    roles: ROLES,
    default: null,
    get: asAttribute(ADDRESSES).get,
    set(port, value, { graph, caller }) {
      const network = networkOf(graph, port)
      const handsOut = network !== undefined && ipv4Of(network) !== null
      const asked = value as readonly string[] | null
      // Null means that an address is chosen when the port is created.
      if (asked === null) return asAttribute(ADDRESSES).set(port, handsOut ? null : [])
      // Without addresses, the VM could send from any address, so removing them needs the same right.
      if (asked.length > 0 || handsOut) checkOwner(ADDRESSES, port, network, caller)
      return asAttribute(ADDRESSES).set(port, own(network, asked))
    },
    check: (port, { graph }) => checkUnshared(graph, port),
  },
}

const ADDRESS_PAIRS: EnginePortField = {
  name: PAIRS,
  documentation: 'What else the VM [may send as](guests.md), such as the address of a virtual router.',
  answer: Type.Array(Type.Object({ mac_address: Type.Optional(Type.String()), ip_prefix: Type.String() }), {
    description: 'in an Ethernet network: what else the VM may send as',
  }),
  request: {
    schema: Type.Array(
      Type.Object(
        {
          mac_address: Type.Optional(Type.String({ description: "the VNIC's own where none is given" })),
          ip_prefix: Type.String({ description: 'an IPv4 or IPv6 address, or address/length' }),
        },
        { additionalProperties: false },
      ),
      { maxItems: MAX_ADDRESSES, description: 'what else the VM may send as, such as the address of a VRRP router' },
    ),
    roles: ROLES,
    default: [],
    get: asAttribute(PAIRS).get,
    set(port, value, { graph, caller }) {
      const asked = value as readonly PairWish[]
      if (asked.length > 0) checkOwner(PAIRS, port, networkOf(graph, port), caller)
      return flooding(asAttribute(PAIRS).set(port, asked.map(pairOf)))
    },
  },
}

const PORT_SECURITY: EnginePortField = {
  name: SECURITY,
  documentation: 'While it is false, the VM may send [whatever it likes](guests.md).',
  answer: Type.Boolean({ description: 'in an Ethernet network: false lets the VM send whatever it likes' }),
  request: {
    schema: Type.Boolean({
      description: 'false lets the VM send whatever it likes; to switch it takes role admin',
    }),
    roles: { create: 'admin', update: 'admin' },
    deed: `to switch ${SECURITY}`,
    default: true,
    ...asAttribute(SECURITY),
  },
}

const OWN_IPV4 = asAttribute(IPV4)

const IPV4_SETTINGS: EnginePortField = {
  name: IPV4,
  documentation:
    'DHCP options that [its VM boots by](addresses.md#booting-from-the-network), beside those of the network.',
  answer: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: 'in an Ethernet network: what its VM is told by DHCP' }),
  ),
  request: {
    schema: Type.Object(
      { [DHCP_OPTIONS]: DhcpOptions },
      { additionalProperties: false, description: 'what its VM is told by DHCP, beside what the network says' },
    ),
    roles: ROLES,
    // Ports that older versions stored do not have it.
    default: undefined,
    get: OWN_IPV4.get,
    set: (port, asked) =>
      asked === undefined
        ? port
        : OWN_IPV4.set(port, { [DHCP_OPTIONS]: dhcpOptions(optionsOf(asked)) as unknown as Attributes[] }),
  },
}

/** Fields that every port of an Ethernet network has. */
export const ethernetPortFields = {
  ...portFieldsOf([UNKNOWN, IP_ADDRESSES, ADDRESS_PAIRS, PORT_SECURITY, IPV4_SETTINGS]),
  borrowsAddresses: (port: Port): boolean => pairsOf(port).length > 0 || isUnguarded(port),
}

/** @returns the addresses in canonical form, without duplicates */
function own(network: Network | undefined, given: readonly string[]): readonly string[] {
  const addresses = [...new Set(given.map((text) => canonical(text)))]
  if (network) for (const each of addresses) choosable(network, each)
  return addresses
}

/** Checks that no other port of the network has one of the addresses. @throws PlugboardError `address-in-use` */
function checkUnshared(graph: GraphReader, port: Port): void {
  const network = port.networkId === null ? undefined : graph.networks.get(port.networkId)
  if (!network) return
  const addresses = addressesOf(port)
  // The address book checks the addresses of the network's pool.
  const others = ipv4Of(network) ? addresses.filter((each) => each.includes(':')) : addresses
  if (others.length === 0) return
  for (const id of graph.portsOfNetwork.get(network.id)) {
    const other = id === port.id ? undefined : graph.ports.get(id)
    const its = other ? addressesOf(other) : []
    const taken = others.find((address) => its.includes(address))
    if (other && taken) {
      const detail = `address ${taken} is that of ${calledFor(port.project, 'port', other)} in the same network`
      throw new PlugboardError('address-in-use', detail, { field: ADDRESSES })
    }
  }
}

/** Checks an address that a request chooses, in a network that hands out addresses. @throws PlugboardError `bad-request` */
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
  if (address && !isNobody(address)) return address.correctForm()
  const right = `it must be an IPv4 or IPv6 unicast address: ${IP_FORMS[4]}; or ${IP_FORMS[6]}`
  throw new PlugboardError('bad-request', `${quoted(text)} is no address of a VM: ${right}`, { field: ADDRESSES })
}

function pairOf({ mac_address: mac, ip_prefix: text }: PairWish): Attributes {
  const prefix = parseIpPrefix(text)
  const canonical = prefix ? `${prefix.first}/${prefix.length}` : parseIp(text)?.correctForm()
  if (canonical === undefined) {
    const right = `it must be an address or address/length: ${IP_FORMS[4]}; or ${IP_FORMS[6]}`
    throw new PlugboardError('bad-request', `${quoted(text)} is no ip_prefix: ${right}`, { field: PAIRS })
  }
  return { ...(mac === undefined ? {} : { mac_address: parseMac(mac, PAIRS) }), ip_prefix: canonical }
}
