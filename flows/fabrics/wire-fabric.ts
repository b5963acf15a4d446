/** Way to the fabric `wire`: one tunnel to one remote end, which Plugboard does not control. */
import type { Wire } from '../engines/engine-rules.ts'
import { isAddress, show } from '../engines/said-values.ts'
import { type FabricKind, nameOf } from '../pipeline/fabric-kind.ts'
import { TO_UPLINK } from '../pipeline/registers.ts'
import { FROM_NOWHERE, tunnelFrom, tunnelTo, withKey } from '../pipeline/tunnel.ts'
import { TUNNEL_ROLE, tunnelKeyMistake } from './overlay-fabric.ts'

export const wireFabric: FabricKind<Wire> = {
  kind: 'wire',
  role: TUNNEL_ROLE,
  isEthernet: true,
  hasPeers: false,
  mistake: ({ tunnelKey, remoteIp }) =>
    tunnelKeyMistake(tunnelKey) ??
    (isAddress(remoteIp) ? undefined : `remoteIp ${show(remoteIp)}: it must be an IP address`),
  segmentOf: (fabric) => `${nameOf(fabric)}/${fabric.tunnelKey}/${fabric.remoteIp}`,
  arriving: ({ tunnelKey, remoteIp }) => ({
    match: [{ field: 'tun_id', value: BigInt(tunnelKey) }, tunnelFrom(remoteIp)],
    actions: [],
    words: `tunnel key ${tunnelKey} from ${remoteIp}`,
    // The same key from another sender may belong to an overlay, whose rule has a lower priority.
    priority: 110,
  }),
  leaving: ({ output }, { tunnelKey, remoteIp }) => [
    {
      target: TO_UPLINK,
      actions: [withKey(tunnelKey), tunnelTo(remoteIp), { type: 'output', port: output }],
      words: `leaves for ${remoteIp} with tunnel key ${tunnelKey}`,
    },
  ],
  beyond: () => TO_UPLINK,
  toSite: ({ tunnelKey, remoteIp }, output) => ({
    // Frames of other hypervisors came in through a tunnel port, and may have to leave through the same one.
    actions: [FROM_NOWHERE, withKey(tunnelKey), tunnelTo(remoteIp), { type: 'output', port: output }],
    words: `leaves with tunnel key ${tunnelKey} for ${remoteIp}`,
  }),
}
