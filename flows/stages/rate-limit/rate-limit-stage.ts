/**
 * Stage rate-limit: meters for what a VNIC sends and receives, placed before the actions of other stages. The limit of a port
 * is for all traffic of its VNIC, including the ports of its trunk. Ingress and egress are from the VM's point of view.
 */
import type { Member } from '../../engines/engine-rules.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { meterId, type VnicMeter } from '../../pipeline/vnic-meter.ts'
import type { Limit } from '../../pipeline/wishes.ts'

const FROM_VNIC: VnicMeter = { name: 'from-vnic', slot: 0, limits: 'what the VNIC sends' }
const TO_VNIC: VnicMeter = { name: 'to-vnic', slot: 1, limits: 'what the VNIC receives' }

/** The default burst is what the rate allows in this time. */
const DEFAULT_BURST_MS = 400
/** The smallest burst. A meter drops every frame that is larger than its burst, and a frame may have 9,000 octets. */
const MIN_BURST_KBIT = 100

export const rateLimit: Stage = {
  name: 'rate-limit',
  does: 'limits what a VNIC sends and receives',
  meters: [FROM_VNIC, TO_VNIC],
  wishes: {
    limit(member, direction) {
      const { rateLimit } = member.carrier
      if (direction === 'sends') return limitOf(member, FROM_VNIC, rateLimit?.egressKbps ?? null)
      if (direction === 'receives') return limitOf(member, TO_VNIC, rateLimit?.ingressKbps ?? null)
      return undefined
    },
  },
}

function limitOf({ carrier, ofport }: Member, meter: VnicMeter, rate: number | null): Limit | undefined {
  if (rate === null) return undefined
  const usual = Math.max(Math.ceil((rate * DEFAULT_BURST_MS) / 1000), MIN_BURST_KBIT)
  const burst = carrier.rateLimit?.burstKbit ?? usual
  return { meters: [{ id: meterId(ofport, meter), unit: 'kbps', rate, burst }], words: `, ${rate} kbit/s at most` }
}
