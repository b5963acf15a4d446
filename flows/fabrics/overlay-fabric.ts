/** Way to the fabric `overlay`: tunnels to the other hypervisors with members. The sending switch makes the copies. */
import type { Overlay } from '../engines/engine-rules.ts'
import { isWhole, show } from '../engines/said-values.ts'
import { type Departure, type FabricKind, nameOf } from '../pipeline/fabric-kind.ts'
import { TO_PEER, TO_PEERS, TO_UNKNOWN_FLOODING_PEERS } from '../pipeline/registers.ts'
import { FROM_NOWHERE, tunnelTo, withKey } from '../pipeline/tunnel.ts'

export const TUNNEL_ROLE = /^tunnel:./

/** What is wrong with the key of a tunnel; undefined if nothing is. */
export const tunnelKeyMistake = (tunnelKey: unknown): string | undefined =>
  isWhole(tunnelKey, 0, 0xffffffff) ? undefined : `tunnelKey ${show(tunnelKey)}: it must be 32 bits at most`

export const overlayFabric: FabricKind<Overlay> = {
  kind: 'overlay',
  role: TUNNEL_ROLE,
  isEthernet: true,
  hasPeers: true,
  mistake: ({ tunnelKey }) => tunnelKeyMistake(tunnelKey),
  segmentOf: (fabric) => `${nameOf(fabric)}/${fabric.tunnelKey}`,
  arriving: ({ tunnelKey }) => ({
    match: [{ field: 'tun_id', value: BigInt(tunnelKey) }],
    actions: [],
    words: `tunnel key ${tunnelKey}`,
    priority: 100,
  }),
  leaving({ output, audience }, { tunnelKey }) {
    const { all, floodUnknown } = audience.peers()
    const out = { type: 'output', port: output } as const
    // Frames of a remote site came in through a tunnel port, and may have to leave through the same one.
    const key = [...(audience.site() ? [FROM_NOWHERE] : []), withKey(tunnelKey)]
    const copies = (target: number, addresses: readonly string[], whom: string): Departure[] => {
      if (addresses.length === 0) return []
      const each = addresses.flatMap((address) => [tunnelTo(address), out])
      const words = `one copy to each other hypervisor with ${whom}, ${addresses.length} of them`
      return [{ target, actions: [...key, ...each], words }]
    }
    const one = {
      target: TO_PEER,
      actions: [...key, out],
      words: `leaves for one hypervisor with tunnel key ${tunnelKey}`,
    }
    return [
      ...(all.length > 0 ? [one] : []),
      ...copies(TO_PEERS, all, 'members'),
      ...copies(TO_UNKNOWN_FLOODING_PEERS, floodUnknown, 'members that ask for frames to unknown addresses'),
    ]
  },
  beyond(audience, whom) {
    const { all, floodUnknown } = audience.peers()
    if (whom === 'everybody') return all.length > 0 ? TO_PEERS : undefined
    return floodUnknown.length > 0 ? TO_UNKNOWN_FLOODING_PEERS : undefined
  },
}
