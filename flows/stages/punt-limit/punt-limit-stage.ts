/** Stage punt-limit: how many frames of one VNIC a switch sends to the controller, whatever other stages send them for. */
import type { Stage } from '../../pipeline/stage.ts'
import { type MeterSpec, meterId, type VnicMeter } from '../../pipeline/vnic-meter.ts'

const TO_CONTROLLER: VnicMeter = {
  name: 'to-controller',
  slot: 2,
  limits: 'frames of the VNIC that the controller gets',
}

/**
 * The rate in packets per second, and the burst, of one VNIC. That is several times what a client sends when it starts. The
 * controller can answer more than a thousand VNICs that all send at this rate.
 */
const MAX_PUNTS = { rate: 20, burst: 20 } as const

export const puntLimit: Stage = {
  name: 'punt-limit',
  does: 'limits how many frames of a VNIC the controller gets',
  meters: [TO_CONTROLLER],
  wishes: {
    limit({ ofport }, direction) {
      if (direction !== 'to controller') return undefined
      const meter: MeterSpec = { id: meterId(ofport, TO_CONTROLLER), unit: 'pktps', ...MAX_PUNTS }
      return { meters: [meter], words: `, ${meter.rate} a second at most` }
    },
  },
}
