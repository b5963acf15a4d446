/** Finds the segment of the fabric on which a test frame was seen, and whether it may be there. */
import type { Network } from './api.ts'
import type { Arrival, Send } from './experiment.ts'
import { readFrame } from './frames.ts'

/** Says which frames may be on which segments. */
export interface FabricRules {
  /** The segments of the network that a VM has under a tag: `fabric1 vlan 101`, `fabric1 untagged`, `vxlan 4096`. */
  segmentsOf(vm: string, tag: number | null): readonly string[]
  /**
   * The host of a VM, or the hosts on the way to it. If it is present, tunnels may carry copies only to the hosts of VMs that must
   * get one.
   */
  hostsOf?(vm: string): readonly string[]
  /** May the machine send anything, to wherever its tunnel leads? */
  unguarded?(vm: string): boolean
}

/** Do the members of the network reach each other by IP, without a common Ethernet? */
export const isRouted = ({ engine }: Network): boolean => engine === 'nat-ipv4'

/** The segment on which the fabric carries a network. @param physical the names of the physical networks, in order */
export function segmentOf({ engine, segment }: Network, physical: readonly string[]): string {
  if (segment.vni !== undefined) return `${engine} ${segment.vni}`
  const lan = `fabric${physical.indexOf(segment.physical_network ?? '') + 1}`
  return segment.vlan_id === undefined ? `${lan} untagged` : `${lan} vlan ${segment.vlan_id}`
}

/** The segment on which a frame was seen; undefined for a tap at a VM. */
export function segmentSeen({ tap, hex }: Arrival): string | undefined {
  const [, lan] = /^(underlay|fabric\d+)-/.exec(tap) ?? /^outside-eth(\d+)$/.exec(tap)?.map((n) => `fabric${n}`) ?? []
  if (lan === undefined) return undefined
  const { vids, tunnel } = readFrame(hex)
  if (lan === 'underlay') return tunnel ? `${tunnel.type} ${tunnel.key}` : 'underlay, in no tunnel'
  return vids[0] === undefined ? `${lan} untagged` : `${lan} vlan ${vids[0]}`
}

/** The frames that were seen on cables on which they must not be. */
export function strays(sends: readonly Send[], arrivals: readonly Arrival[], rules: FabricRules): string[] {
  const byNumber = new Map(sends.map((send) => [send.number, send]))
  const wrong = new Set<string>()
  for (const arrival of arrivals) {
    const segment = segmentSeen(arrival)
    const send = byNumber.get(readFrame(arrival.hex).number)
    if (segment === undefined || !send) continue
    const where = `stray: ${send.what} from ${send.from} is seen on ${segment} at ${arrival.tap}`
    if (send.barred) wrong.add(`${where}, and must not leave its host`)
    else if (!rules.segmentsOf(send.from, send.tag ?? null).includes(segment))
      wrong.add(`${where}, which is not its network's`)
    else if (
      rules.hostsOf &&
      !rules.unguarded?.(send.from) &&
      arrival.direction === 'out' &&
      arrival.tap.startsWith('underlay-')
    ) {
      const hosts = [...send.to, ...(send.may ?? [])].flatMap((vm) => rules.hostsOf?.(vm) ?? [])
      if (!hosts.includes(arrival.tap.replace('underlay-', ''))) wrong.add(`${where}, where nobody is to get it`)
    }
  }
  return [...wrong]
}
