/**
 * Way to the fabric `uplink`: a physical network, which may also carry other traffic. It copies frames and finds addresses by
 * itself.
 */

import type { Uplink } from '../engines/engine-rules.ts'
import { isWhole, show } from '../engines/said-values.ts'
import { type Departure, type FabricKind, nameOf } from '../pipeline/fabric-kind.ts'
import { TO_UPLINK } from '../pipeline/registers.ts'
import { POP_TAG, pushTag, UNTAGGED, withTag } from '../pipeline/vlan-tag.ts'

export const UPLINK_ROLE = /^uplink:./

export const uplinkFabric: FabricKind<Uplink> = {
  kind: 'uplink',
  role: UPLINK_ROLE,
  isEthernet: true,
  hasPeers: false,
  mistake({ vlanId }) {
    if (vlanId === null || isWhole(vlanId, 1, 4094)) return undefined
    return `vlanId ${show(vlanId)}: it must be a number from 1 to 4094, or null`
  },
  segmentOf: (fabric) =>
    fabric.vlanId === null ? `flat/${nameOf(fabric)}` : `vlan/${nameOf(fabric)}/${fabric.vlanId}`,
  arriving: ({ vlanId }) =>
    vlanId === null
      ? { match: [UNTAGGED], actions: [], words: 'no tag', priority: 100 }
      : { match: [withTag(vlanId)], actions: [POP_TAG], words: `VLAN ${vlanId}`, priority: 100 },
  leaving: ({ output }, fabric) => [leavingUplink(fabric, output)],
  beyond: () => TO_UPLINK,
}

/** Out to the physical network, with the tag that the frames of the domain have there. */
export function leavingUplink({ vlanId }: Pick<Uplink, 'vlanId'>, output: number): Departure {
  const out = { type: 'output', port: output } as const
  return vlanId === null
    ? { target: TO_UPLINK, actions: [out], words: 'leaves for the physical network without a tag' }
    : {
        target: TO_UPLINK,
        actions: [...pushTag(vlanId), out],
        words: `leaves for the physical network with VLAN ${vlanId}`,
      }
}
