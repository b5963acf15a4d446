/** Bounds the octets of messages that have not been read yet, over all connections of a listener. */
import { OvsdbError } from './ovsdb-error.ts'

/** A connection that holds octets. */
interface Holder {
  readonly remoteAddress: string | undefined
  readonly maxMessage: number
  fail(error: OvsdbError): void
}

/**
 * When all connections together hold too much, the address that holds the most pays: its connection that holds the
 * most is closed. So one host cannot make others lose their connections. Connections that may send only short messages
 * pay first.
 */
export class MessageBudget {
  readonly #maxOctets: number
  readonly #held = new Map<Holder, number>()
  #total = 0

  /** @param maxOctets the octets that all connections together may hold */
  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets
  }

  /** A connection holds so many octets now. */
  set(holder: Holder, octets: number): void {
    this.#total += octets - (this.#held.get(holder) ?? 0)
    if (octets > 0) this.#held.set(holder, octets)
    else this.#held.delete(holder)
    while (this.#total > this.#maxOctets) this.#close()
  }

  #close(): void {
    const least = [...this.#held.keys()].reduce((least, { maxMessage }) => Math.min(least, maxMessage), Infinity)
    const payers = [...this.#held].filter(([{ maxMessage }]) => maxMessage === least)
    const byAddress = new Map<string | undefined, number>()
    for (const [{ remoteAddress }, octets] of payers) {
      byAddress.set(remoteAddress, (byAddress.get(remoteAddress) ?? 0) + octets)
    }
    const [address] = [...byAddress].reduce(most)
    const [holder] = payers.filter(([{ remoteAddress }]) => remoteAddress === address).reduce(most)
    this.set(holder, 0)
    const words = `unfinished messages of all connections have more than ${this.#maxOctets} bytes, most of them from here`
    holder.fail(new OvsdbError('message-too-large', words))
  }
}

const most = <T extends readonly [unknown, number]>(one: T, other: T): T => (other[1] > one[1] ? other : one)
