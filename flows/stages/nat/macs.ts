/** The MAC addresses of a network whose members each have an address of the physical network. */
import type { Routed } from './routed-fabric.ts'

/**
 * The MAC address that every VM sees as its gateway. It is the same on all hypervisors, so it stays valid when a VM moves.
 * Locally administered.
 */
export const GATEWAY_MAC = 0x0e5000000001

/**
 * The MAC address of a floating address on the physical network: `0e:51:` and the four octets. It is a function of the address,
 * so that it stays when the VM moves. It is not the VNIC's own MAC address: the tenant may choose that, and could choose the
 * router's.
 */
export const macOfFloating = (address: number): number => 0x0e51 * 2 ** 32 + address

/**
 * A number of 28 bits for a physical network and VLAN, on one hypervisor. It is derived from the OpenFlow port that leads
 * there.
 */
export const viaOf = ({ vlanId }: Routed, output: number): number => output * 4096 + (vlanId ?? 0)
