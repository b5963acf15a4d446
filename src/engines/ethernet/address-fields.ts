/** The fields of an Ethernet network that hands out addresses. */
import { type TProperties, Type } from 'typebox'
import type { EngineField } from '../../core/resources/field.ts'
import { IPV4, IPV6, MODES } from './network-addressing.ts'

const MAX_DNS_SERVERS = 4
const MAX_ROUTES = 16
const MAX_SPANS = 16

const Address = Type.String()
const closed = (properties: TProperties) => Type.Object(properties, { additionalProperties: false })

const dns = Type.Optional(Type.Array(Address, { maxItems: MAX_DNS_SERVERS, description: 'addresses of DNS servers' }))

const Route = closed({
  destination: Type.String({ description: 'address/length, such as 10.1.0.0/16' }),
  next_hop: Type.String({ description: 'an address of the prefix' }),
})

const Span = closed({
  start: Type.String({ description: 'the first one' }),
  end: Type.String({ description: 'the last one' }),
})

const Ipv4 = closed({
  prefix: Type.String({ description: 'such as 10.0.0.0/24' }),
  gateway_ip: Type.Optional(
    Type.Union([Address, Type.Null()], { description: 'of the prefix: the default route; null: none' }),
  ),
  dns,
  routes: Type.Optional(
    Type.Array(Route, { maxItems: MAX_ROUTES, description: 'further routes that clients are told' }),
  ),
  pool: Type.Optional(
    Type.Array(Span, {
      minItems: 1,
      maxItems: MAX_SPANS,
      description: 'what ports are given, both ends included; the whole prefix where it is left out',
    }),
  ),
})

const Ipv6 = closed({
  prefix: Type.String({ description: 'of 64 bits, such as fd00::/64' }),
  mode: Type.Enum([...MODES], {
    description: 'how VMs learn of more than their address: from router advertisements alone, or by DHCPv6',
  }),
  dns,
})

const answer = (description: string) =>
  Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
    description: `of an Ethernet engine: ${description}; null: nothing`,
  })

export const addressFields: readonly EngineField[] = [
  {
    name: IPV4,
    documentation: 'The IPv4 addresses that it [hands out](addresses.md), after defaults; null for none.',
    request: Type.Optional(
      Type.Union([Ipv4, Type.Null()], {
        description: 'ports are given IPv4 addresses, of which their VMs learn by DHCP; null: none',
      }),
    ),
    answer: answer('the IPv4 addresses that it hands out, as asked for and after defaults'),
  },
  {
    name: IPV6,
    documentation: 'The IPv6 prefix of which its VMs [make addresses](addresses.md); null for none.',
    request: Type.Optional(
      Type.Union([Ipv6, Type.Null()], {
        description: 'VMs make IPv6 addresses of this prefix (SLAAC), of which they learn by router advertisements',
      }),
    ),
    answer: answer('the IPv6 prefix that its VMs make addresses of, and how they learn of it'),
  },
]
