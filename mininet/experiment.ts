/** Compares the receivers that each frame must have with the receivers that it had, and describes the differences. */
import { numbered, readFrame } from './frames.ts'

/** A frame or a ping to send once. */
export interface Send {
  /** The name of the sender: a VM, or `outside-eth1`. */
  readonly from: string
  /** A description for the report: `broadcast ARP`, `unicast to blue2`. */
  readonly what: string
  readonly number: number
  readonly bytes: Buffer
  /** Ping this IPv4 address through the sender's kernel; `bytes` is the payload then. */
  readonly ping?: string
  /** The VMs that must get exactly one copy. All other VMs must get none. */
  readonly to: readonly string[]
  /** The bytes for VMs that get the frame with another tag or without its tag. */
  readonly as?: Readonly<Record<string, Buffer>>
  /** The tag of the frame's network at the sender; null: none. */
  readonly tag?: number | null
  /** VMs that may get a copy, but need not. */
  readonly may?: readonly string[]
  /** No switch may forward the frame: it must be seen only on the sender's cable. */
  readonly barred?: boolean
}

/** One copy of a test frame, seen at a tap. `out` at a switch's port means towards the host at that port. */
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

/** A ping from one VM to another. The request must reach `to`, and the reply must reach the sender. */
export function ping(number: number, from: string, address: string, to: readonly string[]): Send {
  const bytes = Buffer.concat([numbered(number), Buffer.alloc(20)])
  const receivers = to.length === 0 ? [] : [...to, from]
  return { from, what: `ping ${address}`, number, bytes, ping: address, to: receivers }
}

/** The differences between the expected and the actual arrivals at the given VMs. */
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

/** The incoming copies of each frame, by the number of the frame and by tap. */
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
