/** keepalived in a VM: a virtual router (VRRP) for IPv4 and one for IPv6, with or without MAC addresses of their own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Background } from './background.ts'
import type { Lab } from './lab.ts'

export interface VirtualRouter {
  readonly vm: string
  readonly priority: number
  /** The version of the protocol for IPv4; for IPv6 it is always 3. */
  readonly version: 2 | 3
  /** Do its frames come from the MAC address of the virtual router? */
  readonly vmac: boolean
}

/** The virtual router's number, its addresses, and the MAC addresses that follow from the number (RFC 9568, section 7.3). */
export const ROUTER = {
  id: 51,
  ipv4: '10.9.0.100',
  ipv6: 'fd09::100',
  linkLocal: 'fe80::100',
  mac4: '00:00:5e:00:01:33',
  mac6: '00:00:5e:00:02:33',
} as const

/** What a port must allow for such a router. */
export const routerPairs = (vmac: boolean) => [
  ...[ROUTER.ipv4, ROUTER.ipv6, ROUTER.linkLocal].map((ip_prefix) => ({ ip_prefix })),
  ...(vmac
    ? [
        { mac_address: ROUTER.mac4, ip_prefix: ROUTER.ipv4 },
        { mac_address: ROUTER.mac6, ip_prefix: ROUTER.ipv6 },
        { mac_address: ROUTER.mac6, ip_prefix: ROUTER.linkLocal },
      ]
    : []),
]

const configuration = ({ priority, version, vmac }: VirtualRouter): string =>
  [
    { family: 4, version, addresses: [`${ROUTER.ipv4}/16`] },
    { family: 6, version: 3, addresses: [`${ROUTER.linkLocal}/64`, `${ROUTER.ipv6}/64`] },
  ]
    .map((instance) =>
      [
        `vrrp_instance V${instance.family} {`,
        '  state BACKUP',
        '  interface eth0',
        `  virtual_router_id ${ROUTER.id}`,
        `  version ${instance.version}`,
        `  priority ${priority}`,
        '  advert_int 1',
        vmac ? `  use_vmac vrrp${instance.family}` : '',
        '  virtual_ipaddress {',
        ...instance.addresses.map((address) => `    ${address}`),
        '  }',
        '}',
      ].join('\n'),
    )
    .join('\n')

/** Starts keepalived, and returns it. Its output is its log. */
export async function startRouter(lab: Lab, router: VirtualRouter): Promise<Background> {
  const directory = await mkdtemp(join(tmpdir(), 'plugboard-vrrp-'))
  const file = (name: string) => join(directory, name)
  await writeFile(file('keepalived.conf'), `global_defs {\n}\n${configuration(router)}\n`)
  const files = ['--use-file', file('keepalived.conf'), '--pid', file('pid'), '--vrrp_pid', file('vrrp.pid')]
  const keepalived = await lab.background(
    router.vm,
    ...['keepalived', '--dont-fork', '--log-console', '--log-detail', '--vrrp', ...files],
  )
  return {
    printed: keepalived.printed,
    async stop() {
      const printed = await keepalived.stop()
      await rm(directory, { recursive: true, force: true })
      return printed
    },
  }
}
