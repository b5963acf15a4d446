/** The MAC addresses of a network whose members each have an address of the physical network. */
import type { Routed } from '../../engines/engine-rules.ts'

/** What every VM sees as its gateway: the same everywhere, so that it stays when the VM moves. Locally administered. */
export const GATEWAY_MAC = 0x0e5000000001

/**
 * Of a floating address on the physical side. It comes from the address, so that it stays when the VM moves; and it is not the
 * VNIC's own, which its tenant may choose: that could be the physical network's router's. `0e:51:` and the four octets.
 */
export const macOfFloating = (address: number): number => 0x0e51 * 2 ** 32 + address

/** One physical network, with its VLAN, on one hypervisor: by the port that leads there. 28 bits. */
export const viaOf = ({ vlanId }: Routed, output: number): number => output * 4096 + (vlanId ?? 0)
