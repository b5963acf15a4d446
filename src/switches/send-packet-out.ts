/** Frames that the controller sends through a switch. */
import type { Injection } from '../../flows/packet-out.ts'
import { PORT, type Session } from '../openflow/index.ts'

/** @throws OpenFlowError `closed` */
export function sendPacketOut(session: Session, { frame, actions }: Pick<Injection, 'frame' | 'actions'>): void {
  const match = [{ field: 'in_port', value: PORT.CONTROLLER }] as const
  session.send({ type: 'packet_out', match, actions, data: frame })
}
