/** The fields of `nat-ipv4` networks and of the ports in them. */
import { Type } from 'typebox'
import { dotted } from '../../../flows/engines/prefix.ts'
import type { Port } from '../../../topology/model.ts'
import { portFieldsOf } from '../../core/engine/port-rows.ts'
import { PlugboardError } from '../../core/errors.ts'
import { quoted } from '../../core/quoted.ts'
import { asAttribute, type EngineField } from '../../core/resources/field.ts'
import { FLOATING, PRIVATE } from './nat-ipv4-rules.ts'
import { parseAddress } from './prefixes.ts'

/** Shared address space (RFC 6598). It cannot conflict with addresses outside, because no host there uses it. */
export const DEFAULT_PRIVATE = '100.64.0.0/16'

const MAX_DNS_SERVERS = 8

export const natNetworkFields: readonly EngineField[] = [
  {
    name: 'address_prefix',
    documentation: 'The [floating addresses](nat.md) of its ports.',
    request: Type.String({
      description: 'of engine "nat-ipv4": the floating addresses of its ports, an IPv4 prefix such as 203.0.113.0/24',
    }),
    answer: Type.String({ description: 'of engine "nat-ipv4": its floating addresses' }),
  },
  {
    name: 'dns',
    documentation: 'IPv4 addresses of the name servers that its VMs are told of.',
    request: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: MAX_DNS_SERVERS,
        description: 'of engine "nat-ipv4": IPv4 addresses of the name servers that its VMs are told of',
      }),
    ),
    answer: Type.Array(Type.String(), {
      description: 'of engine "nat-ipv4": name servers that its VMs are told of',
    }),
  },
  {
    name: 'private_prefix',
    documentation: `The addresses that its VMs have themselves; \`${DEFAULT_PRIVATE}\` where none is given.`,
    request: Type.Optional(
      Type.String({
        description: `of engine "nat-ipv4": what its VMs see, an IPv4 prefix, ${DEFAULT_PRIVATE} where none is given; other networks may have the same`,
      }),
    ),
    answer: Type.String({ description: 'of engine "nat-ipv4": the addresses of its VMs' }),
  },
]

const FLOATING_ADDRESS = asAttribute(FLOATING)

export const natPortFields = portFieldsOf([
  {
    name: FLOATING,
    documentation: 'The address by which the VM is reached. It is chosen when the port is made, and stays.',
    answer: Type.String({ description: 'of engine "nat-ipv4": by which it is reached' }),
    request: {
      schema: Type.String({
        description: 'of engine "nat-ipv4": the IPv4 address by which it is reached, chosen when the port is made',
      }),
      roles: { create: 'member', update: 'member' },
      default: undefined,
      get: FLOATING_ADDRESS.get,
      set: (port, asked) => (asked === undefined ? port : FLOATING_ADDRESS.set(port, floatingOf(port, asked))),
    },
  },
  {
    name: PRIVATE,
    documentation: 'The address that the VM has itself.',
    answer: Type.String({ description: 'of engine "nat-ipv4": the one that its VM has' }),
  },
])

/** @throws PlugboardError `bad-request` */
function floatingOf(port: Port, asked: unknown): string {
  const wrong = (words: string): never => {
    throw new PlugboardError('bad-request', `${FLOATING} ${quoted(asked)} ${words}`, { field: FLOATING })
  }
  const address = parseAddress(asked)
  if (address === null) return wrong('is no IPv4 address: it must be like 203.0.113.5')
  const before = port.attributes[FLOATING]
  if (before !== undefined && before !== dotted(address))
    return wrong(`is not that of the port, which keeps ${before}: make another port for it`)
  return dotted(address)
}
