/** Actions with which a switch itself answers a VNIC. */
import { type Action, PORT } from '../../src/openflow/index.ts'
import { SOURCE, TARGET } from './registers.ts'
import { FROM_NOWHERE } from './tunnel.ts'

const ARP_REPLY = 2

/**
 * Sends a packet back to the port that it came from, through the egress table. OpenFlow never sends a packet out of the port
 * that it came in through, so in_port is cleared.
 */
export const BACK_TO_SOURCE: readonly Action[] = [
  { type: 'reg_move', bits: 32, src: { field: SOURCE.field, offset: 0 }, dst: { field: TARGET.field, offset: 0 } },
  FROM_NOWHERE,
]

/** Sends the whole packet to the controller, and keeps none of it in a buffer of the switch (OFPCML_NO_BUFFER). */
export const TO_CONTROLLER: Action = { type: 'output', port: PORT.CONTROLLER }

type MoveField =
  | 'eth_src'
  | 'eth_dst'
  | 'arp_sha'
  | 'arp_tha'
  | 'arp_spa'
  | 'arp_tpa'
  | 'ipv4_src'
  | 'ipv4_dst'
  | 'ipv6_src'
  | 'ipv6_dst'

export const move = (from: MoveField, to: MoveField, bits: number): Action => ({
  type: 'reg_move',
  bits,
  src: { field: from, offset: 0 },
  dst: { field: to, offset: 0 },
})

/** Sends a frame back to the MAC address that it came from. @param mac the sender of the answer */
export const backTo = (mac: number): Action[] => [
  move('eth_src', 'eth_dst', 48),
  { type: 'set_field', field: 'eth_src', value: mac },
]

/** Turns an ARP request into its reply (RFC 826): `address` is at `mac`. */
export const arpReply = ({ address, mac }: { readonly address: number; readonly mac: number }): Action[] => [
  ...backTo(mac),
  { type: 'set_field', field: 'arp_op', value: ARP_REPLY },
  move('arp_sha', 'arp_tha', 48),
  move('arp_spa', 'arp_tpa', 32),
  { type: 'set_field', field: 'arp_sha', value: mac },
  { type: 'set_field', field: 'arp_spa', value: address },
]
