/** `rate_limit` of a port: how a request says it, and how it is shown. It is the core's: ports of every engine have it. */
import { type Static, Type } from 'typebox'
import type { RateLimit } from '../../../topology/model.ts'
import { PlugboardError } from '../../core/errors.ts'

export const RATE_LIMIT = 'rate_limit'

/** Of both in their units; switches count in 32 bits. */
const MOST = 400_000_000
/** A frame of 1,500 octets has 12: of a burst that is smaller than a frame, none would ever pass. */
const LEAST_BURST = 16

const rate = (description: string) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: MOST }), Type.Null()], { description }))

export const RateLimitWish = Type.Union(
  [
    Type.Object(
      {
        ingress_kbps: rate('towards the VM, kilobits a second; null or left out: as fast as it goes'),
        egress_kbps: rate('from the VM, kilobits a second; null or left out: as fast as it goes'),
        burst_kbit: Type.Optional(
          Type.Union([Type.Integer({ minimum: LEAST_BURST, maximum: MOST }), Type.Null()], {
            description: 'what may come at once, kilobits; null or left out: what the rate gives in 400 ms',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  { description: 'at most so fast, counted in whole Ethernet frames; null: no limit' },
)
export type RateLimitWish = Static<typeof RateLimitWish>

export const RateLimitView = Type.Union(
  [
    Type.Object({
      ingress_kbps: Type.Union([Type.Integer(), Type.Null()], { description: 'towards the VM, kilobits a second' }),
      egress_kbps: Type.Union([Type.Integer(), Type.Null()], { description: 'from the VM, kilobits a second' }),
      burst_kbit: Type.Union([Type.Integer(), Type.Null()], { description: 'what may come at once, kilobits' }),
    }),
    Type.Null(),
  ],
  { description: 'at most so fast; null: no limit' },
)
export type RateLimitView = Static<typeof RateLimitView>

/**
 * @param toSite is it of a port that leads to a remote site, and takes no VNIC?
 * @throws PlugboardError
 */
export function rateLimitOf(wish: RateLimitWish, toSite: boolean): RateLimit | null {
  const { ingress_kbps: ingressKbps = null, egress_kbps: egressKbps = null, burst_kbit: burstKbit = null } = wish ?? {}
  const isNone = ingressKbps === null && egressKbps === null
  if (isNone && burstKbit !== null) {
    const detail = 'a burst_kbit without a rate limits nothing: give ingress_kbps, egress_kbps or both'
    throw new PlugboardError('bad-request', detail, { field: RATE_LIMIT })
  }
  if (isNone) return null
  if (toSite) {
    const detail = 'a port that leads to a remote site has no VNIC to limit: limit the ports that take VNICs'
    throw new PlugboardError('unsupported', detail, { field: RATE_LIMIT })
  }
  return { ingressKbps, egressKbps, burstKbit }
}

export const showRateLimit = (limit: RateLimit | null): RateLimitView =>
  limit && { ingress_kbps: limit.ingressKbps, egress_kbps: limit.egressKbps, burst_kbit: limit.burstKbit }
