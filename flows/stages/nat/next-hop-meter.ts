/** Limits the packets that the controller gets in order to find next hops. So neither a VNIC nor its senders can overload it. */
import type { Action } from '../../../src/openflow/index.ts'
import type { Member } from '../../engines/engine-rules.ts'
import { TO_CONTROLLER } from '../../pipeline/reply.ts'
import { type MeterSpec, meterId } from '../../pipeline/vnic-meter.ts'
import { NEXT_HOP_METER } from './nat-tables.ts'

/** The rate in packets per second, and the burst, of one VNIC. */
const MAX_PACKETS = { rate: 20, burst: 20 } as const

export const nextHopLimit = ({ ofport }: Member): MeterSpec => ({
  id: meterId(ofport, NEXT_HOP_METER),
  unit: 'pktps',
  ...MAX_PACKETS,
})

export const toController = ({ id }: MeterSpec): readonly [Action, Action] => [
  { type: 'meter', meter: id },
  TO_CONTROLLER,
]
