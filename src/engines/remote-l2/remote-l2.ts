/**
 * Engine `remote-l2`: each port is a layer-2 tunnel to a remote Ethernet. A standalone port connects one VNIC to it. A port in a
 * network bridges the whole network to it.
 */

import { Type } from 'typebox'
import { sameFamily } from '../../../flows/pipeline/tunnel.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId } from '../../../topology/ids.ts'
import type { Hypervisor, Network } from '../../../topology/model.ts'
import type { Engine, PortPlan } from '../../core/engine/engine.ts'
import { ETHERNET } from '../../core/engine/offers.ts'
import { peerAddress } from '../../core/engine/peer-address.ts'
import { PlugboardError } from '../../core/errors.ts'
import { IP_FORMS } from '../../core/ip-text.ts'
import { quoted } from '../../core/quoted.ts'
import { OPAQUE } from '../../core/resources/common-fields.ts'
import { type EngineField, schemaOf } from '../../core/resources/field.ts'
import { checkUntaken } from '../../core/resources/segments.ts'
import type { BuiltInEngine } from '../built-in.ts'
import { checkMac } from '../ethernet/ethernet-vnic.ts'
import { tunnelPort } from '../ethernet/overlay.ts'
import { remoteL2Rules } from './remote-l2-rules.ts'

/** The tunnel types, each with its largest key. */
const TYPES = { vxlan: 0xffffff, geneve: 0xffffff, gre: 0xffffffff } as const

/** The most remote sites of a network. The network uses one of them; the others are on standby. */
const MAX_SITES = 16

const FIELDS: readonly EngineField[] = [
  {
    name: 'remote_ip',
    documentation: 'The address of the [remote end](networks.md#a-port-that-is-its-own-tunnel), IPv4 or IPv6.',
    request: Type.String({ description: 'IPv4 or IPv6 address of the remote end' }),
    answer: Type.String({ description: 'of engine "remote-l2": the remote end' }),
  },
  {
    name: 'tunnel_type',
    documentation: 'How its frames are encapsulated: `vxlan`, `geneve` or `gre`.',
    request: Type.Enum(Object.keys(TYPES) as Array<keyof typeof TYPES>, {
      description: 'how its frames are encapsulated',
    }),
    answer: Type.String({ description: 'of engine "remote-l2": how its frames are encapsulated' }),
  },
  {
    name: 'tunnel_key',
    documentation: 'The VNI or the GRE key, which the remote end must have, too.',
    request: Type.Integer({
      minimum: 0,
      maximum: TYPES.gre,
      description: 'VNI or GRE key: 24 bits, for gre 32',
    }),
    answer: Type.Integer({ description: 'of engine "remote-l2": VNI or GRE key' }),
  },
  {
    name: 'hypervisor',
    documentation:
      'Where the tunnel of a [bridged network](networks.md#a-network-bridged-to-a-remote-site) begins. Without it, the hypervisor that joined first of those that reach the remote end.',
    request: Type.Optional(
      Type.String({
        pattern: OPAQUE,
        description: 'in a network: where the tunnel begins; the one that joined first where none is given',
      }),
    ),
    answer: Type.String({ description: 'of engine "remote-l2", in a network: where the tunnel begins' }),
  },
]

interface Fields {
  readonly remote_ip: string
  readonly tunnel_type: keyof typeof TYPES
  readonly tunnel_key: number
  readonly hypervisor?: string
}

export function remoteL2(): Engine {
  return {
    alias: 'remote-l2',
    name: 'Remote layer 2',
    description:
      'Ports that are their own layer-2 tunnel to a remote end: for one VNIC, or for the whole network that they are made in.',
    kinds: [ETHERNET],
    rules: remoteL2Rules,
    ports: {
      inNetworks: true,
      schema: schemaOf(FIELDS),
      rows: FIELDS,
      canonical: (fields) => ({ ...fields, remote_ip: peerAddress(String(fields.remote_ip)) ?? fields.remote_ip }),
      plan: (graph, network, fields) => plan(graph, network, fields as unknown as Fields),
    },
    checkPlug(graph, vnic, port) {
      if (port.hypervisor !== null) {
        throw new PlugboardError(
          'unsupported',
          `port ${port.id} bridges its network to a remote site: plug VNICs into other ports of the network`,
          { field: 'port_id' },
        )
      }
      checkMac(graph, vnic, port)
    },
    judgeHost: () => [],
    fabricPorts: ({ encapIp }) => (encapIp ? Object.keys(TYPES).map((type) => tunnelPort(type, encapIp)) : []),
  }
}

function plan(graph: GraphReader, network: Network | null, fields: Fields): PortPlan {
  const { tunnel_type: type, tunnel_key: key } = fields
  const remoteIp = peerAddress(fields.remote_ip)
  if (remoteIp === null) {
    const right = `an IPv4 or IPv6 unicast address that hypervisors can send to: ${IP_FORMS[4]}; or ${IP_FORMS[6]}`
    throw new PlugboardError('bad-request', `remote_ip holds ${quoted(fields.remote_ip)}: it must be ${right}`, {
      field: 'remote_ip',
    })
  }
  if (key > TYPES[type]) {
    throw new PlugboardError('bad-request', `tunnel_key ${key} is too large for ${type}: ${TYPES[type]} is the most`, {
      field: 'tunnel_key',
    })
  }
  const whole = `${type}/${key}`
  const segment = { id: `${whole}/${remoteIp}`, partOf: whole }
  // The same key with another remote end is another tunnel. But a key that a network uses as VNI is not free for any remote end.
  checkUntaken(graph, whole, `key ${key} of ${type}`, 'tunnel_key')
  checkUntaken(graph, segment.id, `key ${key} of ${type} to ${remoteIp}`, 'tunnel_key')
  const hypervisor = network ? placeOf(graph, network, fields.hypervisor, remoteIp) : null
  if (!network && fields.hypervisor !== undefined) {
    throw new PlugboardError('bad-request', 'a port on its own is where its VNIC is: leave hypervisor out', {
      field: 'hypervisor',
    })
  }
  const attributes = { remote_ip: remoteIp, tunnel_type: type, tunnel_key: key, ...(hypervisor && { hypervisor }) }
  return { attributes, hypervisor, segment }
}

/** The hypervisor that bridges a network: the requested one, or else the first joined one that can reach the remote end. */
function placeOf(graph: GraphReader, network: Network, asked: string | undefined, remoteIp: string): HypervisorId {
  if (graph.sitesOf.get(network.id).size >= MAX_SITES) {
    const detail = `network ${network.id} has ${MAX_SITES} ports that lead to remote sites, of which one is used: destroy others first`
    throw new PlugboardError('unsupported', detail)
  }
  if (asked !== undefined) {
    const found = graph.hypervisors.get(asked as HypervisorId)
    if (found) return found.id
    throw new PlugboardError('not-found', `there is no hypervisor "${asked}"`, { field: 'hypervisor' })
  }
  let first: Hypervisor | undefined
  for (const each of graph.hypervisors.values()) {
    if (each.encapIp && sameFamily(each.encapIp, remoteIp) && (!first || each.key < first.key)) first = each
  }
  if (first) return first.id
  throw new PlugboardError(
    'unsupported',
    `no hypervisor with a tunnel address that reaches ${remoteIp} has joined, at which the network could be bridged: set external_ids:plugboard-encap-ip on one`,
  )
}

export const remoteL2Engine: BuiltInEngine = {
  alias: 'remote-l2',
  slot: 4,
  make: () => remoteL2(),
}
