/** What was sent, who had to get it, who got it, and what is wrong about that, in words. */
import { numbered, readFrame } from './frames.ts'

/** A frame, or a ping of an address, sent once. */
export interface Send {
  /** Name of the VM (or of `outside-eth1`) that sends. */
  readonly from: string
  /** What it is, for the report: `broadcast ARP`, `unicast to blue2`. */
  readonly what: string
  readonly number: number
  readonly bytes: Buffer
  /** Ping this IPv4 address through the sender's kernel; `bytes` is the payload then. */
  readonly ping?: string
  /** Who must get exactly one copy of it. Every VM that is not named must get none. */
  readonly to: readonly string[]
  /** Who gets it as other bytes: with a tag of its own, or without the one that it was sent with. */
  readonly as?: Readonly<Record<string, Buffer>>
  /** The tag under which its VM has the network that it is for. */
  readonly tag?: number | null
  /** Who may get one or not. */
  readonly may?: readonly string[]
  /** No switch may hand it on: it must not be seen on any cable but the sender's. */
  readonly barred?: boolean
}

/** One copy of a test frame seen at a tap; `out` at a switch's port is towards the host on it. */
export interface Arrival {
  readonly tap: string
  readonly direction: 'in' | 'out'
  readonly hex: string
}

export function sendsAsJson(sends: readonly Send[]): unknown[] {
  return sends.map(({ from, bytes, ping, to }) => [
    from,
    { hex: bytes.toString('hex'), ...(ping === undefined ? {} : { ping }) },
    to,
  ])
}

/** A ping of one VM by another; the request must reach `to` and its reply the sender. */
export function ping(number: number, from: string, address: string, to: readonly string[]): Send {
  const bytes = Buffer.concat([numbered(number), Buffer.alloc(20)])
  const receivers = to.length === 0 ? [] : [...to, from]
  return { from, what: `ping ${address}`, number, bytes, ping: address, to: receivers }
}

/** Differences between what had to arrive at the given VMs and what did; none is an empty list. */
export function differences(sends: readonly Send[], arrivals: readonly Arrival[], vms: readonly string[]): string[] {
  const heard = count(arrivals, vms)
  const wrong: string[] = []
  for (const send of sends) {
    const copies = heard.get(send.number) ?? new Map<string, Arrival[]>()
    for (const vm of send.to) {
      const got = copies.get(vm)?.length ?? 0
      if (got === 0) wrong.push(`missing: ${send.what} from ${send.from} did not reach ${vm}`)
      if (got > 1) wrong.push(`duplicate: ${send.what} from ${send.from} reached ${vm} ${got} times`)
    }
    for (const [vm, seen] of copies) {
      if (!send.to.includes(vm) && !send.may?.includes(vm))
        wrong.push(`leak: ${send.what} from ${send.from} reached ${vm}, ${seen.length} times`)
      const wanted = (send.as?.[vm] ?? send.bytes).toString('hex')
      const changed = send.ping === undefined && seen.find(({ hex }) => hex !== wanted)
      if (changed) wrong.push(`changed: ${send.what} from ${send.from} reached ${vm} as ${changed.hex}`)
    }
  }
  return wrong
}

/** Number of a frame -> tap -> its copies there, of those that came in. */
export function count(arrivals: readonly Arrival[], taps: readonly string[]): Map<number, Map<string, Arrival[]>> {
  const wanted = new Set(taps)
  const heard = new Map<number, Map<string, Arrival[]>>()
  for (const arrival of arrivals) {
    if (!wanted.has(arrival.tap) || arrival.direction !== 'in') continue
    const { number } = readFrame(arrival.hex)
    const copies = heard.get(number) ?? new Map<string, Arrival[]>()
    heard.set(number, copies)
    copies.set(arrival.tap, [...(copies.get(arrival.tap) ?? []), arrival])
  }
  return heard
}
