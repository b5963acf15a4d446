/** Fields that every port of an Ethernet network has. */
import { isIPv4 } from 'node:net'
import { Address4, Address6 } from 'ip-address'
import { Type } from 'typebox'
import { ADDRESSES } from '../../flows/ethernet/neighbours.ts'
import type { Graph } from '../../topology/graph.ts'
import type { Port } from '../../topology/nodes.ts'
import { PlugboardError } from '../errors.ts'
import type { PortFields } from './engine.ts'

const UNKNOWN_UNICAST = 'unknown_unicast'
const MOST_ADDRESSES = 16

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
        maxItems: MOST_ADDRESSES,
        description:
          'IPv4 and IPv6 addresses that the VM is known to have: ARP and neighbour solicitations for them are answered in the switch',
      }),
    ),
  }),
  set(graph, port, fields) {
    const wish = (fields[UNKNOWN_UNICAST] ?? port.attributes[UNKNOWN_UNICAST] ?? 'drop') as string
    const given = fields[ADDRESSES] as readonly string[] | undefined
    const addresses = given ? parse(graph, port, given) : (port.attributes[ADDRESSES] ?? [])
    return {
      ...port,
      attributes: { ...port.attributes, [UNKNOWN_UNICAST]: wish, [ADDRESSES]: addresses },
      asksForUnknown: wish === 'flood',
    }
  },
}

/** @returns the addresses in their canonical form, each once and no other port's */
function parse(graph: Graph, port: Port, given: readonly string[]): readonly string[] {
  const addresses = [...new Set(given.map(canonical))]
  if (addresses.length === 0 || port.networkId === null) return addresses
  for (const id of graph.portsOfNetwork.get(port.networkId)) {
    const others = id === port.id ? undefined : graph.ports.get(id)?.attributes[ADDRESSES]
    const taken = Array.isArray(others) && addresses.find((address) => others.includes(address))
    if (taken) {
      throw new PlugboardError('address-in-use', `address ${taken} is that of port ${id} in the same network`, {
        field: ADDRESSES,
      })
    }
  }
  return addresses
}

function canonical(text: string): string {
  const address = isIPv4(text)
    ? new Address4(text)
    : Address6.isValid(text) && !/[%/]/.test(text)
      ? new Address6(text)
      : null
  const isNobody =
    address === null || address.isMulticast() || /^(0\.0\.0\.0|255\.255\.255\.255|::)$/.test(address.correctForm())
  if (!isNobody) return address.correctForm()
  throw new PlugboardError(
    'bad-request',
    `"${text}" is no address of a VM: it must be an IPv4 or IPv6 unicast address`,
    {
      field: ADDRESSES,
    },
  )
}
