/**
 * Addresses whose frames are for the switch at the other end of the cable: link aggregation, 802.1X, LLDP, spanning tree and the
 * like. IEEE 802.1Q-2022, table 8-1, forbids a bridge to forward the first sixteen. Open vSwitch in its mode NORMAL, which
 * carries physical networks, forwards none of these (`forward-bpdu` in ovs-vswitchd.conf.db(5) lists them). So no network
 * forwards them, whatever carries it.
 */
import type { PacketField } from '../../../flows/engines/engine-rules.ts'

interface Reserved {
  readonly field: Extract<PacketField, { readonly field: 'eth_dst' }>
  readonly what: string
}

const ALL_BITS = 0xffffffffffff

/** @param mask the bits that must be equal; all where it is left out */
const reserved = (what: string, value: number, mask?: number): Reserved => ({
  field: { field: 'eth_dst', value, ...(mask === undefined ? {} : { mask }) },
  what,
})

export const RESERVED: readonly Reserved[] = [
  reserved('the sixteen reserved addresses of IEEE 802.1Q', 0x0180c2000000, 0xfffffffffff0),
  reserved('ISL of Cisco', 0x01000c000000),
  reserved('connectivity checks of Cisco', 0x01000cccccc0, 0xfffffffffff8),
  reserved('CDP, VTP and spanning tree of Cisco', 0x01000ccccccc, 0xfffffffffffe),
  reserved('fast uplinks of Cisco', 0x01000ccdcdcd),
  reserved('EDP of Extreme', 0x00e02b000000),
  reserved('EAPS of Extreme', 0x00e02b000004, 0xfffffffffffd),
]

/** Is this one of the reserved addresses? @param mac 48 bits */
export const isReserved = (mac: number): boolean =>
  RESERVED.some(({ field: { value, mask = ALL_BITS } }) => (BigInt(mac) & BigInt(mask)) === BigInt(value))
