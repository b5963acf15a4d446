/** What a switch sends on its own: packets, and changes of its rules that were not ours. */
import type { Logger } from 'pino'
import { PIPELINE } from '../../flows/stages/assembled.ts'
import { type FlowUpdate, OpenFlowError, type PacketIn, type Session } from '../openflow/index.ts'

interface Listener {
  readonly log: Logger
  packetIn(packet: PacketIn): void
  /** Somebody else has changed rules of the switch. */
  foreignChange(): void
}

/** Read the messages until the connection ends. @throws Error where one of them cannot be handled */
export async function listen(session: Session, { log, packetIn, foreignChange }: Listener): Promise<void> {
  void monitor(session, log)
  for await (const event of session.events) {
    if (event.type === 'packet_in') packetIn(event)
    else if (event.type === 'multipart_reply' && event.multipart === 'flow_monitor' && event.updates.some(isForeign))
      foreignChange()
  }
}

/** Let the switch tell changes of its rules that were not ours. */
async function monitor(session: Session, log: Logger): Promise<void> {
  try {
    await session.monitorFlows()
  } catch (error) {
    if (error instanceof OpenFlowError && error.code === 'closed') return
    log.warn({ err: error }, 'no flow monitor on this switch: only the periodic comparison finds foreign changes')
  }
}

/** Our own changes come as `abbrev`; after `resumed` come changes that were not told. Learned flows are not foreign changes. */
const isForeign = (update: FlowUpdate): boolean =>
  update.event !== 'abbrev' && update.event !== 'paused' && !('table' in update && PIPELINE.isLearned(update.table))
