/** Handles messages that a switch sends unasked: packets, and foreign changes of its rules. */
import type { Logger } from 'pino'
import { isLearnedCookie } from '../../flows/pipeline/cookie.ts'
import { PIPELINE } from '../../flows/stages/assembled.ts'
import { type FlowUpdate, OpenFlowError, type PacketIn, type Session } from '../openflow/index.ts'

interface Listener {
  readonly log: Logger
  packetIn(packet: PacketIn): void
  /** Called when somebody else has changed rules of the switch. */
  foreignChange(): void
}

/** Reads messages until the connection ends. @throws Error if a message cannot be handled */
export async function listen(session: Session, { log, packetIn, foreignChange }: Listener): Promise<void> {
  void monitor(session, log)
  for await (const event of session.events) {
    if (event.type === 'packet_in') packetIn(event)
    else if (event.type === 'multipart_reply' && event.multipart === 'flow_monitor' && event.updates.some(isForeign))
      foreignChange()
  }
}

/** Asks the switch to report changes of its rules. */
async function monitor(session: Session, log: Logger): Promise<void> {
  try {
    await session.monitorFlows()
  } catch (error) {
    if (error instanceof OpenFlowError && error.code === 'closed') return
    log.warn({ err: error }, 'no flow monitor on this switch: only the periodic comparison finds foreign changes')
  }
}

/** Our own changes are reported as `abbrev`. `resumed` means that changes were not reported. Learned flows are not foreign. */
const isForeign = (update: FlowUpdate): boolean =>
  update.event !== 'abbrev' &&
  update.event !== 'paused' &&
  !('table' in update && PIPELINE.isLearned(update.table) && isLearnedCookie(update.cookie))
