/** Prints a flow as a line of `ovs-ofctl dump-flows --no-stats --no-names`, without the leading blank. */
import { FLOW_FLAGS, type Flow } from '../messages/flow-messages.ts'
import { printInstructions } from './print-actions.ts'
import { printMatch } from './print-match.ts'

/** OFP_DEFAULT_PRIORITY, which is not printed. */
export const DEFAULT_PRIORITY = 0x8000

export const FLAG_NAMES: ReadonlyArray<readonly [name: string, bit: number]> = [
  ['send_flow_rem', FLOW_FLAGS.sendFlowRem],
  ['check_overlap', FLOW_FLAGS.checkOverlap],
  ['reset_counts', FLOW_FLAGS.resetCounts],
  ['no_packet_counts', FLOW_FLAGS.noPacketCounts],
  ['no_byte_counts', FLOW_FLAGS.noByteCounts],
]

/**
 * Prints a rule as `ovs-ofctl dump-flows --no-stats --no-names` does, without the leading blank. `parseFlow` reads it
 * back.
 */
export function printFlow(flow: Flow): string {
  const { table, priority, cookie, idleTimeout = 0, hardTimeout = 0, importance = 0, flags = 0 } = flow
  let text = cookie === 0n ? '' : `cookie=0x${cookie.toString(16)}, `
  if (table !== 0) text += `table=${table}, `
  if (idleTimeout !== 0) text += `idle_timeout=${idleTimeout}, `
  if (hardTimeout !== 0) text += `hard_timeout=${hardTimeout}, `
  if (flags !== 0) for (const [name, bit] of FLAG_NAMES) if ((flags & bit) !== 0) text += `${name} `
  if (importance !== 0) text += `importance=${importance}, `
  const match = printMatch(flow.match)
  if (priority !== DEFAULT_PRIORITY) text += match === '' ? `priority=${priority} ` : `priority=${priority},`
  if (match !== '') text += `${match} `
  return `${text}actions=${printInstructions(flow.instructions)}`
}
