/** Nodes of a small cloud for tests, by number: `vnic(3, 1)` is VNIC 3, plugged into port 1. */
import type { Engines } from '../../flows/compile.ts'
import { engineTables } from '../../flows/pipeline/table.ts'
import { flatRules } from '../../src/engines/flat/flat-rules.ts'
import { geneveRules } from '../../src/engines/geneve/geneve-rules.ts'
import { natIpv4Rules } from '../../src/engines/nat-ipv4/nat-ipv4-rules.ts'
import { remoteL2Rules } from '../../src/engines/remote-l2/remote-l2-rules.ts'
import { vlanRules } from '../../src/engines/vlan/vlan-rules.ts'
import { vxlanRules } from '../../src/engines/vxlan/vxlan-rules.ts'
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor, Network, Port, Vnic } from '../../topology/model.ts'

export const ENGINES: Engines = new Map([
  ['vlan', { rules: vlanRules, tables: engineTables(0) }],
  ['vxlan', { rules: vxlanRules, tables: engineTables(1) }],
  ['geneve', { rules: geneveRules, tables: engineTables(2) }],
  ['flat', { rules: flatRules, tables: engineTables(3) }],
  ['remote-l2', { rules: remoteL2Rules, tables: engineTables(4) }],
  ['nat-ipv4', { rules: natIpv4Rules, tables: engineTables(5) }],
])

const made = { project: 'p' as ProjectId, name: '', revision: 1, createdAt: '2026-01-01T00:00:00Z', request: '{}' }

export const hypervisorId = (n: number) => `hv${n}` as HypervisorId
export const networkId = (n: number) => `network-${n}` as NetworkId
export const portId = (n: number) => `port-${n}` as PortId
export const vnicId = (n: number) => `vnic-${n}` as VnicId

/** `02:00:00:00:nn:nn` */
export const mac = (n: number): string => `02:00:00:00:${hex(n >> 8)}:${hex(n & 0xff)}`
const hex = (octet: number): string => octet.toString(16).padStart(2, '0')

/** OpenFlow ports towards the fabric. */
export const UPLINK = 1001
export const TUNNEL = 1002
export const GENEVE = 1003
export const GRE = 1004

export const hypervisor = (n: number, extra: Partial<Hypervisor> = {}): Hypervisor => ({
  id: hypervisorId(n),
  key: (100 + n) as Key,
  hostname: `host${n}`,
  datapathId: n.toString(16).padStart(16, '0'),
  ovsVersion: '3.1.0',
  bridgeMappings: { physnet1: 'br-eth1' },
  encapIp: `192.0.${2 + ((n + 1) >> 8)}.${(n + 1) & 0xff}`,
  fabric: { 'uplink:physnet1': UPLINK, 'tunnel:vxlan': TUNNEL, 'tunnel:geneve': GENEVE, 'tunnel:gre': GRE },
  faults: {},
  uplinks: {},
  successor: null,
  address: null,
  hadVnic: true,
  claimsStored: true,
  keepsDecisions: false,
  ...extra,
})

/** VLAN 100 + n. */
export const vlanNetwork = (n: number): Network => ({
  ...made,
  id: networkId(n),
  key: (200 + n) as Key,
  engine: 'vlan',
  segment: { physical_network: 'physnet1', vlan_id: 100 + n },
  segmentId: `vlan/physnet1/${100 + n}`,
  attributes: {},
  shared: false,
  mesh: false,
  hypervisorRules: false,
})

/** VNI 5000 + n. */
export const vxlanNetwork = (n: number): Network => ({
  ...vlanNetwork(n),
  engine: 'vxlan',
  segment: { vni: 5000 + n },
  segmentId: `vxlan/${5000 + n}`,
  mesh: true,
})

/** VNI 5000 + n of Geneve. */
export const geneveNetwork = (n: number): Network => ({
  ...vxlanNetwork(n),
  engine: 'geneve',
  segmentId: `geneve/${5000 + n}`,
})

/** The untagged frames of physnet1. */
export const flatNetwork = (n: number): Network => ({
  ...vlanNetwork(n),
  engine: 'flat',
  segment: { physical_network: 'physnet1' },
  segmentId: 'flat/physnet1',
})

/** A network with the prefix 203.0.113.16n/28 in VLAN 50, whose router is 203.0.113.1. */
export const natNetwork = (n: number): Network => ({
  ...vlanNetwork(n),
  engine: 'nat-ipv4',
  segment: { physical_network: 'physnet1', vlan_id: 50, prefix: '203.0.113.0/24', gateway_ip: '203.0.113.1' },
  segmentId: `routed/physnet1/203.0.113.${16 * n}/28`,
  attributes: { address_prefix: `203.0.113.${16 * n}/28`, private_prefix: '100.64.0.0/16' },
  hypervisorRules: true,
})

/** A port in the nth NATed network, with the mth address of its prefix. */
export const natPort = (n: number, network: number, m: number): Port =>
  port(n, natNetwork(network), {
    segmentId: `routed/physnet1/203.0.113.${16 * network + m}`,
    attributes: { floating_address: `203.0.113.${16 * network + m}`, private_address: `100.64.0.${m + 1}` },
  })

const remote = (n: number): string => `203.0.${113 + (n >> 8)}.${n & 0xff}`

/** A port of engine remote-l2: standalone, or in a network and at hypervisor `where`. */
export const wire = (n: number, network: Network | null = null, where: number | null = null): Port => ({
  ...port(n, vlanNetwork(0)),
  engine: 'remote-l2',
  networkId: network?.id ?? null,
  hypervisor: where === null ? null : hypervisorId(where),
  floodUnknown: where !== null,
  segmentId: `vxlan/${7000 + n}/${remote(n)}`,
  attributes: { remote_ip: remote(n), tunnel_type: 'vxlan', tunnel_key: 7000 + n },
})

export const port = (n: number, network: Network, extra: Partial<Port> = {}): Port => ({
  ...made,
  id: portId(n),
  key: (300 + n) as Key,
  engine: network.engine,
  networkId: network.id,
  adminUp: true,
  floodUnknown: false,
  borrowsAddresses: false,
  rateLimit: null,
  trunk: [],
  hypervisor: null,
  segmentId: null,
  attributes: {},
  ...extra,
})

/** @param plugged the number of its port, or null */
export const vnic = (n: number, plugged: number | null, extra: Partial<Vnic> = {}): Vnic => ({
  ...made,
  id: vnicId(n),
  key: (400 + n) as Key,
  vmId: null,
  kind: 'ethernet',
  portId: plugged === null ? null : portId(plugged),
  requestedHypervisor: null,
  migratesTo: null,
  isActivated: false,
  attributes: { mac_address: mac(n) },
  ...extra,
})

export const binding = (n: number, where: number, ofport: number | null = 10 + n): Binding => ({
  vnicId: vnicId(n),
  hypervisor: hypervisorId(where),
  bridge: 'br-int',
  interface: `eth${n}`,
  ofport,
})
