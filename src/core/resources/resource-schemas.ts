/** Schemas of the resources as the API shows them, from which the OpenAPI document is made. */
import { Type } from 'typebox'
import { RateLimitView } from '../../features/rate-limit/rate-limit.ts'

export const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
export const OPAQUE = '^[A-Za-z0-9._-]{1,64}$'

export const Id = Type.String({ pattern: UUID, description: 'a lower-case UUID' })
export const ChosenId = Type.String({
  pattern: UUID,
  description: 'a lower-case UUID chosen by the client, so that the request can be repeated safely',
})
export const PhysicalNetwork = Type.String({ description: 'the name of one of the configuration' })
export const AdminState = Type.Boolean({ description: 'false: its VNIC neither sends nor receives' })
export const Name = Type.String({ maxLength: 255, description: 'for people; need not be unique' })
const Opaque = Type.String({ pattern: OPAQUE })
const Revision = Type.Integer({ minimum: 1, description: 'grows with every change; also sent as ETag' })
const CreatedAt = Type.String({ format: 'date-time' })
const Detail = Type.Optional(Type.String({ description: 'why, in words' }))
const orNull = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()])

/** One VNIC brings the rules of all of them. */
const MOST_IN_TRUNK = 1024

export const trunk = (description: string) =>
  Type.Array(
    Type.Object(
      { vlan_id: Type.Integer({ description: 'of the tag, 1 to 4094' }), port_id: Id },
      { additionalProperties: false },
    ),
    { maxItems: MOST_IN_TRUNK, description },
  )

const handedOut = (description: string) =>
  Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
    description: `of an Ethernet engine: ${description}; null: nothing`,
  })

export const Vnic = Type.Object(
  {
    id: Id,
    project: Opaque,
    vm_id: orNull(Opaque),
    name: Name,
    kind: Type.String({ description: '"ethernet", or one that another engine brings' }),
    mac_address: Type.Optional(Type.String({ description: 'of kind "ethernet"' })),
    port_id: orNull(Id),
    status: Type.Enum(['unplugged', 'waiting', 'building', 'active', 'unplugging', 'error']),
    status_detail: Detail,
    binding: Type.Union([
      Type.Object({
        hypervisor: Opaque,
        bridge: Type.String(),
        interface: Type.String(),
        ofport: Type.Union([Type.Integer(), Type.Null()]),
      }),
      Type.Null(),
    ]),
    migration: Type.Union(
      [
        Type.Object({
          hypervisor: Opaque,
          status: Type.Enum(['preparing', 'prepared', 'error']),
          status_detail: Detail,
        }),
        Type.Null(),
      ],
      { description: 'where its interface is about to appear, and how far the rules there are' },
    ),
    revision: Revision,
    created_at: CreatedAt,
  },
  { title: 'vnic' },
)

const ofEthernet = {
  unknown_unicast: Type.Optional(
    Type.String({ description: 'in an Ethernet network: what becomes of frames for addresses that no VNIC has' }),
  ),
  ip_addresses: Type.Optional(
    Type.Array(Type.String(), { description: 'in an Ethernet network: the addresses that the VM is known to have' }),
  ),
  allowed_address_pairs: Type.Optional(
    Type.Array(Type.Object({ mac_address: Type.Optional(Type.String()), ip_prefix: Type.String() }), {
      description: 'in an Ethernet network: what else the VM may send as',
    }),
  ),
  port_security: Type.Optional(
    Type.Boolean({ description: 'in an Ethernet network: false lets the VM send whatever it likes' }),
  ),
}

const ofRemote = {
  remote_ip: Type.Optional(Type.String({ description: 'of engine "remote-l2": the remote end' })),
  tunnel_type: Type.Optional(Type.String({ description: 'of engine "remote-l2": how its frames are encapsulated' })),
  tunnel_key: Type.Optional(Type.Integer({ description: 'of engine "remote-l2": VNI or GRE key' })),
  hypervisor: Type.Optional(
    Type.String({ description: 'of engine "remote-l2", in a network: where the tunnel begins' }),
  ),
}

export const Port = Type.Object(
  {
    id: Id,
    project: Opaque,
    name: Name,
    engine: Type.String(),
    network_id: orNull(Id),
    vnic_id: orNull(Id),
    floating_address: Type.Optional(Type.String({ description: 'of engine "nat-ipv4": by which it is reached' })),
    private_address: Type.Optional(Type.String({ description: 'of engine "nat-ipv4": the one that its VM has' })),
    ...ofEthernet,
    ...ofRemote,
    admin_state_up: AdminState,
    rate_limit: RateLimitView,
    trunk: Type.Optional(trunk('ports whose frames the VM has under these tags, through the VNIC in this port')),
    trunk_port_id: Type.Optional(
      Type.Union([Id, Type.Null()], { description: 'the port whose trunk carries this one' }),
    ),
    trunk_vlan_id: Type.Optional(
      Type.Union([Type.Integer(), Type.Null()], { description: 'the tag of its frames between the VM and the switch' }),
    ),
    status: Type.Enum(['down', 'waiting', 'building', 'active', 'unplugging', 'error']),
    status_detail: Detail,
    revision: Revision,
    created_at: CreatedAt,
  },
  { title: 'port' },
)

export const Network = Type.Object(
  {
    id: Id,
    project: Opaque,
    name: Name,
    engine: Type.String(),
    segment: Type.Record(Type.String(), Type.Union([Type.String(), Type.Integer()]), {
      description:
        'where the isolation lives: {physical_network, vlan_id}, {vni} or {physical_network}, with what else its engine says of it',
    }),
    address_prefix: Type.Optional(Type.String({ description: 'of engine "nat-ipv4": its floating addresses' })),
    private_prefix: Type.Optional(Type.String({ description: 'of engine "nat-ipv4": the addresses of its VMs' })),
    dns: Type.Optional(
      Type.Array(Type.String(), { description: 'of engine "nat-ipv4": name servers that its VMs are told of' }),
    ),
    ipv4: Type.Optional(handedOut('the IPv4 addresses that it hands out, as asked for and after defaults')),
    ipv6: Type.Optional(handedOut('the IPv6 prefix that its VMs make addresses of, and how they learn of it')),
    mtu: Type.Integer({ description: 'largest payload of a frame, octets' }),
    shared: Type.Boolean(),
    status: Type.Enum(['active', 'error']),
    status_detail: Detail,
    revision: Revision,
    created_at: CreatedAt,
  },
  { title: 'network' },
)
