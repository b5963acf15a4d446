/** What the kit must be told of an engine, and of the built-in ones. */
import { resolve } from 'node:path'
import type { EngineWish } from '../../src/core/engine/load.ts'
import type { Port } from '../api.ts'

/** A hypervisor of the lab, and the address that tunnels to it end at. */
export interface Place {
  readonly hypervisor: string
  readonly address: string
}

/** The hypervisors of the lab, for the options of an engine that must know of remote ends. */
export const PLACES: readonly [Place, Place] = [
  { hypervisor: 'h1', address: '172.31.0.11' },
  { hypervisor: 'h2', address: '172.31.0.12' },
]

/** The physical networks of the lab. */
export const PHYSICAL_NETWORKS = ['physnet1', 'physnet2', 'physnet3'] as const

export interface EngineUnderTest {
  /** As the configuration names it. A path is relative to the working directory. */
  readonly engine: EngineWish
  /**
   * What a request for a VNIC says. Left out: VNICs are Ethernet devices, which send from their own addresses only. Of another
   * `kind` each must get whatever another one of its network or line sends, as long as it has no VLAN tag.
   */
  readonly vnic?: () => object
  /** What the request for the nth network says beside `engine`; n is 0, 1 or 2. */
  readonly network?: (n: number) => object
  /**
   * Of an engine whose ports are on their own: what the request for a port says beside `engine`, of that end of the nth line
   * which is at `here` and whose other end is at `there`.
   */
  readonly port?: (n: number, here: Place, there: Place) => object
  /**
   * Of an engine whose members share no Ethernet: how the one in this port is reached, and what its guest must know for that. All
   * members of such engines must reach each other by these addresses, and no frame of one must reach another as it is.
   */
  readonly reached?: (port: Port) => Reached
}

export interface Reached {
  readonly address: string
  /** What the guest has, with its prefix length. */
  readonly inside: string
  readonly gateway: string
}

/** Where floating addresses live in the kit's cloud: on each physical network, in this VLAN. */
export const FLOATING = { prefix: '203.0.113.0/24', vlan: 50 } as const

export const BUILT_IN: readonly EngineUnderTest[] = [
  { engine: 'vlan' },
  { engine: 'vxlan' },
  { engine: 'geneve' },
  { engine: 'flat', network: (n) => ({ segment: { physical_network: PHYSICAL_NETWORKS[n] } }) },
  {
    engine: 'remote-l2',
    port: (n, _here, there) => ({
      remote_ip: there.address,
      tunnel_type: ['vxlan', 'geneve', 'gre'][n],
      tunnel_key: 100 + n,
    }),
  },
  {
    engine: 'nat-ipv4',
    network: (n) => ({ address_prefix: `203.0.113.${64 * (n + 1)}/26` }),
    reached: ({ floating_address: address = '', private_address: inside = '' }) => ({
      address,
      inside: `${inside}/16`,
      gateway: '100.64.0.1',
    }),
  },
]

/** A module's path as the controller finds it, wherever that runs. */
export function absolute(wish: EngineWish): EngineWish {
  if (typeof wish === 'string' || !wish.module.startsWith('.')) return wish
  return { ...wish, module: resolve(wish.module) }
}
