/**
 * A learning switch: it learns which address is behind which port, and then lets the switch forward by itself.
 *
 *     node src/openflow/examples/learning-switch.ts 6653
 *     mn --topo single,3 --controller remote --switch ovs,protocols=OpenFlow15
 */
import { listen, type OxmField, PORT, type Session } from '../index.ts'

const number = (octets: Uint8Array, at: number): number => Buffer.from(octets).readUIntBE(at, 6)

async function learn(session: Session): Promise<void> {
  const ports = new Map<number, number>()
  const toController = [{ type: 'apply_actions', actions: [{ type: 'output', port: PORT.CONTROLLER }] }] as const
  session.send({ type: 'flow_mod', command: 'add', table: 0, priority: 0, match: [], instructions: toController })
  for await (const event of session.events) {
    if (event.type !== 'packet_in') continue
    const { match, data } = event
    const inPort = match.find((field): field is Extract<OxmField, { field: 'in_port' }> => field.field === 'in_port')
    if (!inPort || data.length < 14) continue
    const [dst, src] = [number(data, 0), number(data, 6)]
    ports.set(src, inPort.value)
    const port = ports.get(dst) ?? PORT.FLOOD
    const actions = [{ type: 'output', port }] as const
    if (port !== PORT.FLOOD) {
      const pair = [inPort, { field: 'eth_src', value: src }, { field: 'eth_dst', value: dst }] as const
      const instructions = [{ type: 'apply_actions', actions }] as const
      session.send({
        type: 'flow_mod',
        command: 'add',
        table: 0,
        priority: 1,
        match: pair,
        instructions,
        idleTimeout: 60,
      })
    }
    session.send({ type: 'packet_out', match: [inPort], actions, data })
  }
}

const listener = await listen({ host: '0.0.0.0', port: Number(process.argv[2] ?? 6653) })
console.log(`waiting for switches on port ${listener.address.port}`)
for await (const session of listener) void learn(session).catch((error: unknown) => session.close(String(error)))
