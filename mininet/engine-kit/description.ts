/** Descriptions of engines for the kit, and those of the built-in engines. */
import { resolve } from 'node:path'
import type { EngineWish } from '../../src/core/engine/load.ts'
import type { Port } from '../api.ts'

/** A hypervisor of the lab, with its tunnel address. */
export interface Place {
  readonly hypervisor: string
  readonly address: string
}

/** The hypervisors of the lab, for engines whose options need remote addresses. */
export const PLACES: readonly [Place, Place] = [
  { hypervisor: 'h1', address: '172.31.0.11' },
  { hypervisor: 'h2', address: '172.31.0.12' },
]

/** The physical networks of the lab. */
export const PHYSICAL_NETWORKS = ['physnet1', 'physnet2', 'physnet3'] as const

export interface EngineUnderTest {
  /** The engine, as in the configuration. A path is relative to the working directory. */
  readonly engine: EngineWish
  /**
   * The body of a request for a VNIC. Default: an Ethernet device, which sends only from its own addresses. A VNIC of another `kind`
   * must get every frame that another VNIC of its network or line sends, unless the frame has a VLAN tag.
   */
  readonly vnic?: () => object
  /** The body of the request for the nth network, without `engine`; n is 0, 1 or 2. */
  readonly network?: (n: number) => object
  /**
   * For an engine with standalone ports: the body of the request for a port, without `engine`. The port is the end at `here` of the
   * nth line. The other end is at `there`.
   */
  readonly port?: (n: number, here: Place, there: Place) => object
  /**
   * For an engine whose members share no Ethernet: the address at which the member in this port is reached, and the settings of its
   * guest. All members of such engines must reach each other by these addresses. No frame may reach another member unchanged.
   */
  readonly reached?: (port: Port) => Reached
}

export interface Reached {
  readonly address: string
  /** The address of the guest, with its prefix length. */
  readonly inside: string
  readonly gateway: string
}

/** The pool of floating addresses in the kit's cloud, in this VLAN of each physical network. */
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

/** Those of them whose frames go through tunnels. */
export const TUNNELLED: readonly EngineUnderTest[] = BUILT_IN.filter(({ engine }) =>
  ['vxlan', 'geneve', 'remote-l2'].includes(String(engine)),
)

/** Makes the path of a module absolute, so that the controller finds it from any working directory. */
export function absolute(wish: EngineWish): EngineWish {
  if (typeof wish === 'string' || !wish.module.startsWith('.')) return wish
  return { ...wish, module: resolve(wish.module) }
}
