/** The fields of an Ethernet network that hands out addresses. */
import { type TProperties, Type } from 'typebox'
import type { EngineField } from '../../core/resources/field.ts'
import { DHCP_OPTIONS, DhcpOptions } from './dhcp-options.ts'
import { IPV4, IPV6, MODES } from './network-addressing.ts'

const MAX_DNS_SERVERS = 4
const MAX_ROUTES = 16
const MAX_SPANS = 16

const address = (description: string) => Type.String({ description })
const closed = (properties: TProperties) => Type.Object(properties, { additionalProperties: false })

const dns = (family: string) =>
  Type.Optional(
    Type.Array(address(`an ${family} address`), {
      maxItems: MAX_DNS_SERVERS,
      description: `${family} addresses of DNS servers`,
    }),
  )

const Route = closed({
  destination: address('an IPv4 prefix, such as 10.1.0.0/16'),
  next_hop: address('an IPv4 address of the prefix'),
})

const Span = closed({
  start: address('the first one, an IPv4 address of the prefix'),
  end: address('the last one, an IPv4 address of the prefix'),
})

const Ipv4 = closed({
  prefix: address('an IPv4 prefix, such as 10.0.0.0/24'),
  gateway_ip: Type.Optional(
    Type.Union([address('an IPv4 address'), Type.Null()], {
      description: 'an IPv4 address of the prefix: the default route; null: none',
    }),
  ),
  dns: dns('IPv4'),
  routes: Type.Optional(
    Type.Array(Route, { maxItems: MAX_ROUTES, description: 'further routes that clients are told' }),
  ),
  [DHCP_OPTIONS]: Type.Optional(DhcpOptions),
  pool: Type.Optional(
    Type.Array(Span, {
      minItems: 1,
      maxItems: MAX_SPANS,
      description: 'what ports are given, both ends included; the whole prefix where it is left out',
    }),
  ),
})

const Ipv6 = closed({
  prefix: address('an IPv6 prefix of 64 bits, such as fd00::/64'),
  mode: Type.Enum([...MODES], {
    description: 'how VMs learn of more than their address: from router advertisements alone, or by DHCPv6',
  }),
  dns: dns('IPv6'),
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
