/** A flow as a line of `ovs-ofctl dump-flows --no-stats --no-names`, without the blank that such a line begins with. */
import { FLOW_FLAGS, type Flow } from '../flow.ts'
import { printInstructions } from './actions.ts'
import { printMatch } from './match.ts'

/** OFP_DEFAULT_PRIORITY: it is not printed. */
export const DEFAULT_PRIORITY = 0x8000

export const FLAG_NAMES: ReadonlyArray<readonly [name: string, bit: number]> = [
  ['send_flow_rem', FLOW_FLAGS.sendFlowRem],
  ['check_overlap', FLOW_FLAGS.checkOverlap],
  ['reset_counts', FLOW_FLAGS.resetCounts],
  ['no_packet_counts', FLOW_FLAGS.noPacketCounts],
  ['no_byte_counts', FLOW_FLAGS.noByteCounts],
]

export function printFlow(flow: Flow): string {
  const { table, priority, cookie, idleTimeout = 0, hardTimeout = 0, importance = 0, flags = 0 } = flow
  const match = [priority === DEFAULT_PRIORITY ? '' : `priority=${priority}`, printMatch(flow.match)].filter(Boolean)
  return [
    cookie === 0n ? '' : `cookie=0x${cookie.toString(16)}, `,
    table === 0 ? '' : `table=${table}, `,
    idleTimeout === 0 ? '' : `idle_timeout=${idleTimeout}, `,
    hardTimeout === 0 ? '' : `hard_timeout=${hardTimeout}, `,
    ...FLAG_NAMES.map(([name, bit]) => ((flags & bit) === 0 ? '' : `${name} `)),
    importance === 0 ? '' : `importance=${importance}, `,
    match.length === 0 ? '' : `${match.join(',')} `,
    `actions=${printInstructions(flow.instructions)}`,
  ].join('')
}
