/** What passes between the hosts: on which segment of the fabric a test frame is seen, and whether it may be there. */
import type { Network } from './api.ts'
import type { Arrival, Send } from './experiment.ts'
import { readFrame } from './frames.ts'

/** Whose frames may be where. */
export interface FabricRules {
  /** The segments that carry the network of a VM, or that under its tag: `fabric1 vlan 101`, `fabric1 untagged`, `vxlan 4096`. */
  segmentsOf(vm: string, tag: number | null): readonly string[]
  /**
   * The host of a VM, or those on the way to it. Where they are known, a tunnel brings a copy only to hosts of those who are
   * to get one.
   */
  hostsOf?(vm: string): readonly string[]
  /** Does it send whatever it likes, to wherever its tunnel leads? */
  unguarded?(vm: string): boolean
}

/** Do its members have addresses of a physical network, and no common Ethernet? */
export const isRouted = ({ engine }: Network): boolean => engine === 'nat-ipv4'

/** The segment on which the fabric carries a network. @param physical the names of the physical networks, in their order */
export function segmentOf({ engine, segment }: Network, physical: readonly string[]): string {
  if (segment.vni !== undefined) return `${engine} ${segment.vni}`
  const lan = `fabric${physical.indexOf(segment.physical_network ?? '') + 1}`
  return segment.vlan_id === undefined ? `${lan} untagged` : `${lan} vlan ${segment.vlan_id}`
}

/** The segment on which a frame was seen; undefined at a VM. */
export function segmentSeen({ tap, hex }: Arrival): string | undefined {
  const [, lan] = /^(underlay|fabric\d+)-/.exec(tap) ?? /^outside-eth(\d+)$/.exec(tap)?.map((n) => `fabric${n}`) ?? []
  if (lan === undefined) return undefined
  const { vids, tunnel } = readFrame(hex)
  if (lan === 'underlay') return tunnel ? `${tunnel.type} ${tunnel.key}` : 'underlay, in no tunnel'
  return vids[0] === undefined ? `${lan} untagged` : `${lan} vlan ${vids[0]}`
}

/** Frames seen on cables where they must not be; none is an empty list. */
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
