/**
 * What callers use at present, in total and for each token: requests under way, held answers, streams of events, and octets of
 * answers that wait to be read. Nobody gets more than the limits. Without tokens there is one caller, whom only the limits for all
 * concern.
 */
import { LRUCache } from 'lru-cache'
import type { Caller } from '../core/caller.ts'
import { PlugboardError } from '../core/errors.ts'
import type { HttpLimits } from './api-limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** Tokens whose use is counted. There are more only if tokens are not listed in the configuration. */
const MAX_TOKENS = 10_000

/** An answer counts as one more request for each of these. */
const OCTETS_PER_REQUEST = 8 * 1024

const MIB = 1024 * 1024

/** The ways to use the API that take a place until they end. */
export type Kind = 'requests' | 'pages' | 'held' | 'streams'

/** What a request is refused for. */
export type Reason = Kind | 'rate' | 'unread'

const WORDS: Readonly<Record<Kind, string>> = {
  requests: 'requests under way',
  pages: 'lists under way',
  held: 'held answers',
  streams: 'streams of events',
}

/** A page of 1,000 items takes so long. All pages under way share the time, so all together must not take longer than one may. */
const PAGE_MS = 8

function boundsOf(limits: HttpLimits, kind: Kind): { readonly all: number; readonly each: number } {
  if (kind !== 'pages') return { all: limits[`max_${kind}`], each: limits[`max_${kind}_per_token`] }
  const all = Math.ceil(limits.max_delay_ms / PAGE_MS)
  return { all, each: Math.ceil(all / 2) }
}

/** What one token uses. */
interface Share {
  readonly used: Record<Kind, number>
  /** Octets of answers that wait to be read. */
  unread: number
  readonly rate: TokenBucket
}

/** The use of one request, from its headers on to the end of its answer. */
export interface Use {
  /** Makes it one of another kind, if there is room. @returns why there is none; undefined: it is done */
  become(kind: Kind): PlugboardError | undefined
  /** Makes a held answer, or a list that is complete, a request again. */
  release(): void
  /** Called when the size of the answer is known. */
  answer(octets: number): void
  end(): void
}

export class Usage {
  readonly #limits: HttpLimits
  readonly #refused: (reason: Reason) => void
  readonly #total: Record<Kind, number> = { requests: 0, pages: 0, held: 0, streams: 0 }
  readonly #shares = new LRUCache<string, Share>({ max: MAX_TOKENS })

  /** @param refused called with what there was no room for */
  constructor(limits: HttpLimits, refused: (reason: Reason) => void) {
    this.#limits = limits
    this.#refused = refused
  }

  get total(): Readonly<Record<Kind, number>> {
    return this.#total
  }

  /** Begins the use of a request. @returns the use, or why there is none and the seconds to wait */
  begin(caller: Caller): Use | { readonly error: PlugboardError; readonly seconds: number } {
    const share = caller.id === undefined ? undefined : this.#shareOf(caller.id)
    const seconds = share?.rate.wait ?? 0
    if (seconds > 0) {
      this.#refused('rate')
      return { error: tooFast(this.#limits), seconds }
    }
    if (share && share.unread > this.#limits.max_unread_mib_per_token * MIB) {
      this.#refused('unread')
      return { error: unread(), seconds: 1 }
    }
    const error = this.#full('requests', share)
    if (error) return { error, seconds: 1 }
    share?.rate.take(1)
    return this.#use(share)
  }

  #use(share: Share | undefined): Use {
    const count = (of: Kind, by: 1 | -1) => {
      this.#total[of] += by
      if (share) share.used[of] += by
    }
    let kind: Kind | undefined
    let waiting = 0
    const change = (to: Kind | undefined) => {
      if (kind) count(kind, -1)
      if (to) count(to, 1)
      kind = to
    }
    change('requests')
    return {
      become: (to) => {
        const error = this.#full(to, share)
        if (!error && kind) change(to)
        return error
      },
      release: () => {
        if (kind === 'held' || kind === 'pages') change('requests')
      },
      answer(octets) {
        if (!share || !kind) return
        share.rate.take(Math.floor(octets / OCTETS_PER_REQUEST))
        waiting += octets
        share.unread += octets
      },
      end() {
        change(undefined)
        if (share) share.unread -= waiting
        waiting = 0
      },
    }
  }

  /** Why there is no room for one more; undefined: there is. */
  #full(kind: Kind, share: Share | undefined): PlugboardError | undefined {
    const { all, each } = boundsOf(this.#limits, kind)
    if (this.#total[kind] < all && (!share || share.used[kind] < each)) return undefined
    this.#refused(kind)
    if (share && share.used[kind] >= each) {
      const detail = `this token has ${each} ${WORDS[kind]}, which is the limit: end some, or wait until some end`
      return new PlugboardError('rate-limited', detail)
    }
    return new PlugboardError('unavailable', `there are ${all} ${WORDS[kind]}, which is the limit: try again later`)
  }

  #shareOf(id: string): Share {
    const there = this.#shares.get(id)
    if (there) return there
    const share: Share = {
      used: { requests: 0, pages: 0, held: 0, streams: 0 },
      unread: 0,
      rate: new TokenBucket(this.#limits.max_requests_per_second),
    }
    this.#shares.set(id, share)
    return share
  }
}

const tooFast = ({ max_requests_per_second: most }: HttpLimits): PlugboardError =>
  new PlugboardError(
    'rate-limited',
    `this token may make ${most} requests in a second, and long answers count more than once: make fewer`,
  )

const unread = (): PlugboardError =>
  new PlugboardError('rate-limited', 'answers to this token wait to be read: read them before you ask for more')
