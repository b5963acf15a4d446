/** VLAN tags (IEEE 802.1Q) in matches and actions. */
import type { Action, OxmField } from '../../src/openflow/index.ts'

/** Bit 12 of `vlan_vid` means that there is a tag. */
const PRESENT = 0x1000

export const UNTAGGED: OxmField = { field: 'vlan_vid', value: 0 }
export const ANY_TAG: OxmField = { field: 'vlan_vid', value: PRESENT, mask: PRESENT }
export const withTag = (vlanId: number): OxmField => ({ field: 'vlan_vid', value: PRESENT | vlanId })

/**
 * A frame with a second tag behind the first one. Open vSwitch parses one tag only, so it takes the second tag for the
 * EtherType of the payload.
 */
export const SECOND_TAGS: readonly OxmField[] = [0x8100, 0x88a8].map((value) => ({ field: 'eth_type', value }))

export const pushTag = (vlanId: number): Action[] => [
  { type: 'push_vlan', ethertype: 0x8100 },
  { type: 'set_field', field: 'vlan_vid', value: PRESENT | vlanId },
]
export const POP_TAG: Action = { type: 'pop_vlan' }
