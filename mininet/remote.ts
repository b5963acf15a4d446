/**
 * The remote end of a layer-2 tunnel: a plain machine on the underlay whose `eth0` is on the far side of the tunnel. For VXLAN,
 * `eth0` is a device of the Linux kernel. Kernels may lack devices of the other types, so these use an Open vSwitch without a
 * controller.
 */
import type { Hypervisor } from './hypervisor.ts'

export interface Tunnel {
  readonly type: 'vxlan' | 'geneve' | 'gre'
  readonly key: number
  /** The address of the hypervisor. */
  readonly to: string
}

export interface RemoteEthernet extends Tunnel {
  readonly mac: string
  /** Addresses with prefix length. */
  readonly addresses: readonly string[]
}

/** Makes `eth0` of this machine the end of a tunnel. */
export async function openTunnel(machine: Hypervisor, { mac, addresses, ...tunnel }: RemoteEthernet): Promise<void> {
  if (tunnel.type === 'vxlan') {
    const options = `id ${tunnel.key} local ${machine.encapIp} remote ${tunnel.to} dstport 4789`
    await machine.run('ip', 'link', 'add', 'eth0', 'address', mac, 'type', 'vxlan', ...options.split(' '))
  } else {
    await machine.vsctl(
      ...'add-br br-tun -- set bridge br-tun datapath_type=netdev fail_mode=standalone'.split(' '),
      ...`-- add-port br-tun eth0 -- set Interface eth0 type=internal mac="${mac}"`.split(' '),
      ...`-- add-port br-tun tunnel -- set Interface tunnel type=${tunnel.type}`.split(' '),
      ...options(machine, tunnel),
    )
  }
  for (const address of addresses) await machine.run('ip', 'addr', 'add', address, 'dev', 'eth0')
  await machine.run('ip', 'link', 'set', 'eth0', 'up')
}

/** Changes the peer of the tunnel, as after a move of the VM on the other side. */
export async function turnTunnel(machine: Hypervisor, tunnel: Tunnel): Promise<void> {
  if (tunnel.type === 'vxlan') {
    await machine.run('ip', 'link', 'set', 'eth0', 'type', 'vxlan', 'id', String(tunnel.key), 'remote', tunnel.to)
  } else await machine.vsctl('set', 'Interface', 'tunnel', ...options(machine, tunnel))
}

export async function closeTunnel(machine: Hypervisor, { type }: Pick<Tunnel, 'type'>): Promise<void> {
  if (type === 'vxlan') await machine.run('ip', 'link', 'delete', 'eth0')
  else await machine.vsctl('del-br', 'br-tun')
}

const options = ({ encapIp }: Hypervisor, { key, to }: Tunnel): string[] => [
  `options:local_ip=${encapIp}`,
  `options:remote_ip=${to}`,
  `options:key=${key}`,
]
