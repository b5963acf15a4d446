/**
 * Quality of service: the meters of a port's rate limit, as its VM sees it: ingress is towards it, egress from it. It is for all
 * that its VNIC does, the ports of its trunk with it.
 */
import type { Action } from '../../../src/openflow/index.ts'
import type { Member } from '../../engines/engine-rules.ts'
import { type MeterSpec, meterId } from '../../pipeline/meters.ts'

/** The burst where none is asked for: what the rate gives in 400 ms. */
const MILLISECONDS = 400
/**
 * But no less, kilobits: a meter lets nothing pass that is larger than its burst, and a frame may have 9,000 octets.
 */
const LEAST_BURST = 100

/** Where a packet of a VNIC goes through its limit; without one, nothing. */
interface Limit {
  readonly meters: readonly MeterSpec[]
  readonly words: string
}
const NONE: Limit = { meters: [], words: '' }

/** What it sends. */
export const limitFrom = (member: Member): Limit =>
  limit(member, 'fromVnic', member.carrier.rateLimit?.egressKbps ?? null)

/** What it receives. */
export const limitTo = (member: Member): Limit => limit(member, 'toVnic', member.carrier.rateLimit?.ingressKbps ?? null)

function limit({ carrier, ofport }: Member, kind: 'fromVnic' | 'toVnic', rate: number | null): Limit {
  if (rate === null) return NONE
  const usual = Math.max(Math.ceil((rate * MILLISECONDS) / 1000), LEAST_BURST)
  const burst = carrier.rateLimit?.burstKbit ?? usual
  return {
    meters: [{ id: meterId(ofport, kind), unit: 'kbps', rate, burst }],
    words: `, ${rate} kbit/s at most`,
  }
}

export const metered = ({ meters }: Limit): Action[] => meters.map(({ id }) => ({ type: 'meter', meter: id }))
