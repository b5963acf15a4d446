/** What the controller is told of next hops: no VNIC, and nobody who sends to its floating address, can drown it. */
import { type Action, PORT } from '../../../src/openflow/index.ts'
import type { Member } from '../../engines/engine-rules.ts'
import { type MeterSpec, meterId } from '../../pipeline/meters.ts'

/** Packets of one VNIC, a second and at once. */
const PACKETS = { rate: 20, burst: 20 } as const

export const hopsLimit = ({ ofport }: Member): MeterSpec => ({
  id: meterId(ofport, 'nextHops'),
  unit: 'pktps',
  ...PACKETS,
})

/** The whole packet, none of which stays in a buffer of the switch. */
export const toController = ({ id }: MeterSpec): readonly [Action, Action] => [
  { type: 'meter', meter: id },
  { type: 'output', port: PORT.CONTROLLER },
]
