/** Frames that the controller sends through a switch. */
import type { Injection } from '../../flows/packet-out.ts'
import { PORT, type Session } from '../openflow/index.ts'

/** @throws OpenFlowError `closed` */
export function sendPacketOut(session: Session, { frame, actions }: Pick<Injection, 'frame' | 'actions'>): void {
  const match = [{ field: 'in_port', value: PORT.CONTROLLER }] as const
  session.send({ type: 'packet_out', match, actions, data: frame })
}

/** The switch takes the frame as if it had just come in by this port. @throws OpenFlowError `closed` */
export function sendFromPort(session: Session, ofport: number, frame: Uint8Array): void {
  const match = [{ field: 'in_port', value: ofport }] as const
  session.send({ type: 'packet_out', match, actions: [{ type: 'output', port: PORT.TABLE }], data: frame })
}
